import { closeDispute } from '../disputes.ts';
import { noSuch } from '../errors.ts';
import type { Dispute } from '../objects.ts';
import { type Call, LIST, type Routes, route } from './route.ts';

export const DISPUTE_ROUTES: Routes = {
  'GET disputes': route(({ simulation, params }) => {
    const charge = params.string('charge');
    const paymentIntent = params.string('payment_intent');
    return simulation.state.disputes.page(
      '/v1/disputes',
      params,
      (dispute) =>
        (!charge || dispute.charge === charge) && (!paymentIntent || dispute.payment_intent === paymentIntent),
    );
  }, `${LIST} charge payment_intent`),
  'GET disputes/:id': route((call) => disputeOf(call)),
  'POST disputes/:id/close': route((call) => closeDispute(call.simulation, disputeOf(call))),
};

function disputeOf({ simulation, id }: Call): Dispute {
  const dispute = simulation.state.disputes.get(id);
  if (!dispute) throw noSuch('dispute', id);
  return dispute;
}
