import { noSuch } from '../errors.ts';
import type { Refund } from '../objects.ts';
import { cancelPaymentIntent } from '../payment-intents/cancel.ts';
import { cancelRefund, createRefund } from '../refunds.ts';
import { Collection } from '../state.ts';
import { type Call, LIST, type Routes, route } from './route.ts';

export const REFUND_ROUTES: Routes = {
  'POST refunds': route(
    ({ simulation, params }) =>
      createRefund(simulation, params, (paymentIntent) => cancelPaymentIntent(simulation, paymentIntent)),
    'amount charge currency customer instructions_email metadata origin payment_intent reason refund_application_fee reverse_transfer',
  ),
  'GET refunds': route(({ simulation, params }) => {
    const charge = params.string('charge');
    const paymentIntent = params.string('payment_intent');
    const refunds = charge
      ? Collection.of(simulation.state.refundsOf.get(charge) ?? [])
      : paymentIntent
        ? Collection.of(
            (simulation.state.chargesOf.get(paymentIntent) ?? []).flatMap(
              ({ id }) => simulation.state.refundsOf.get(id) ?? [],
            ),
          )
        : simulation.state.refunds;
    return refunds.page('/v1/refunds', params, (refund) => !paymentIntent || refund.payment_intent === paymentIntent);
  }, `${LIST} charge payment_intent`),
  'GET refunds/:id': route((call) => refundOf(call)),
  'POST refunds/:id': route((call) => {
    const refund = refundOf(call);
    const previous = { metadata: refund.metadata };
    refund.metadata = call.params.metadata(refund.metadata ?? {});
    call.simulation.events.emit('refund.updated', refund, previous);
    return refund;
  }, 'metadata'),
  'POST refunds/:id/cancel': route((call) => cancelRefund(call.simulation, refundOf(call))),
};

function refundOf({ simulation, id }: Call): Refund {
  const refund = simulation.state.refunds.get(id);
  if (!refund) throw noSuch('refund', id);
  return refund;
}
