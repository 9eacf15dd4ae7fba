import { noSuch } from '../errors.ts';
import type { Charge } from '../objects.ts';
import { search } from '../search.ts';
import { Collection } from '../state.ts';
import { type Call, LIST, type Routes, route } from './route.ts';

export const CHARGE_ROUTES: Routes = {
  'GET charges': route(({ simulation, params }) => {
    const customer = params.string('customer');
    const paymentIntent = params.string('payment_intent');
    const charges = paymentIntent
      ? Collection.of(simulation.state.chargesOf.get(paymentIntent) ?? [])
      : simulation.state.charges;
    return charges.page('/v1/charges', params, (charge) => !customer || charge.customer === customer);
  }, `${LIST} customer payment_intent transfer_group`),
  'GET charges/search': route(
    ({ simulation, params }) => search(simulation, simulation.state.charges, 'charges', params),
    'query limit page',
  ),
  'GET charges/:id': route((call) => chargeOf(call)),
  'POST charges/:id': route((call) => {
    const charge = chargeOf(call);
    const { params } = call;
    const previous: Record<string, unknown> = { metadata: charge.metadata, description: charge.description };
    const metadata = params.metadata(charge.metadata);
    const description = params.nullableString('description');
    charge.metadata = metadata;
    if (description !== undefined) charge.description = description;
    call.simulation.events.emit('charge.updated', charge, previous);
    return charge;
  }, 'customer description fraud_details metadata receipt_email shipping transfer_group'),
};

function chargeOf({ simulation, id }: Call): Charge {
  const charge = simulation.state.charges.get(id);
  if (!charge) throw noSuch('charge', id);
  return charge;
}
