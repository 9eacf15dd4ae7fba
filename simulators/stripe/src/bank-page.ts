import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendHtml, sendJson } from './exchange.ts';
import type { PaymentIntent } from './objects.ts';
import { authenticationPage, donePage } from './pages.ts';
import { finishAction } from './payment-intents/shopper-action.ts';
import type { Simulation } from './simulation.ts';

/** Where the bank or another payment page asks the shopper; `finish` is what its buttons do. Who knows no client secret sees nothing. */
export function serveBankPage(
  simulation: Simulation,
  req: IncomingMessage,
  res: ServerResponse,
  { id, action, query }: { id: string; action: string; query: URLSearchParams },
): void {
  const paymentIntent = simulation.state.paymentIntents.get(id);
  const clientSecret = query.get('client_secret') ?? '';
  const secrets = simulation.state.secrets.get(id);
  if (!paymentIntent || !secrets || secrets.clientSecret !== clientSecret) {
    sendHtml(res, donePage('Unknown payment'), 404);
    return;
  }
  if (action !== 'finish') {
    if (paymentIntent.status === 'requires_action') {
      sendHtml(res, authenticationPage(paymentIntent, clientSecret, secrets.pending?.kind === 'redirect'));
    } else sendReturn(res, paymentIntent, secrets.returnUrl);
    return;
  }
  if (req.method !== 'POST') {
    sendHtml(res, donePage('Use the button'), 405);
    return;
  }
  if (paymentIntent.status === 'requires_action') {
    finishAction(simulation, paymentIntent, query.get('outcome') === 'complete');
  }
  // The page's own dialog wants to know the outcome; only the full page goes back to the shop.
  if (query.get('dialog') === 'true') sendJson(res, 200, { status: paymentIntent.status });
  else sendReturn(res, paymentIntent, secrets.returnUrl);
}

/** Back to the shop, with what it needs to learn the outcome. */
function sendReturn(res: ServerResponse, paymentIntent: PaymentIntent, returnUrl: string | null): void {
  const outcome = { succeeded: 'succeeded', requires_capture: 'succeeded', processing: 'pending' }[
    paymentIntent.status as 'succeeded'
  ] as string | undefined;
  if (!returnUrl) {
    sendHtml(res, donePage(outcome ? 'Payment authorised' : 'Payment failed'));
    return;
  }
  const url = new URL(returnUrl);
  url.searchParams.set('payment_intent', paymentIntent.id);
  url.searchParams.set('payment_intent_client_secret', paymentIntent.client_secret ?? '');
  url.searchParams.set('redirect_status', outcome ?? 'failed');
  res.writeHead(303, { location: url.href }).end();
}
