import type { IncomingMessage, ServerResponse } from 'node:http';
import { ZodError } from 'zod';
import {
  type Controls,
  clockSchema,
  disputeChangeSchema,
  disputeSchema,
  eventSchema,
  fundSchema,
  paySchema,
  refundStatusSchema,
  settingsSchema,
  settleSchema,
} from './controls.ts';
import { StripeApiError } from './errors.ts';
import { allowAnyOrigin, readBody } from './http.ts';
import type { PaymentIntent } from './objects.ts';
import { authenticationPage, donePage } from './pages.ts';
import { finishAction } from './payment-intents/shopper-action.ts';
import { payOut } from './payouts.ts';
import type { Simulation } from './simulation.ts';
import { stripeJsSource } from './stripe-js.ts';
import { webhookSettingsSchema } from './webhooks.ts';

/** Serves /_sandbox: the control plane, the bank's test page, and the browser script. */
export function controlHandler(
  simulation: Simulation,
  controls: Controls,
): (req: IncomingMessage, res: ServerResponse, path: string, query: string) => Promise<void> {
  return async (req, res, path, query) => {
    allowAnyOrigin(res);
    if (req.method === 'OPTIONS') {
      res.writeHead(204).end();
      return;
    }
    const [, , area = '', id = '', action = ''] = path.split('/');
    const text = await readBody(req);
    if (area === '3ds') {
      bankPage(req, res, id, action, new URLSearchParams(query));
      return;
    }
    if (area === 'stripe.js') {
      const script = await stripeJsSource(simulation.url);
      res.setHeader('content-type', 'text/javascript; charset=utf-8');
      res.end(script);
      return;
    }
    if (area === 'vouchers') {
      sendHtml(res, donePage(`Voucher of ${id}`));
      return;
    }
    if (area === 'receipts') {
      sendHtml(res, donePage(`Receipt of ${id}`));
      return;
    }
    try {
      const answer = await control(`${req.method} ${area}${id && action ? `/:id/${action}` : ''}`, id, () =>
        text === '' ? {} : JSON.parse(text),
      );
      sendJson(res, answer === undefined ? 404 : 200, answer ?? { message: `no control ${req.method} ${path}` });
    } catch (error) {
      if (error instanceof StripeApiError) sendJson(res, error.status, { error: error.body });
      else if (error instanceof ZodError) sendJson(res, 400, { message: 'invalid control', issues: error.issues });
      else if (error instanceof SyntaxError) sendJson(res, 400, { message: 'not JSON' });
      else throw error;
    }
  };

  async function control(call: string, id: string, body: () => unknown): Promise<object | undefined> {
    switch (call) {
      case 'GET health':
        return { status: 'ok' };
      case 'GET faults':
        return controls.faults;
      case 'PUT faults':
        controls.setFaults(body());
        return controls.faults;
      case 'GET settings':
        return controls.settings;
      case 'PUT settings':
        controls.configure(settingsSchema.parse(body()) as Parameters<Controls['configure']>[0]);
        return controls.settings;
      case 'GET webhooks':
        return id === 'acknowledged' ? controls.acknowledgedEvents : controls.webhooks;
      case 'PUT webhooks':
        webhookSettingsSchema.parse(body());
        controls.configureWebhooks(body() as Parameters<Controls['configureWebhooks']>[0]);
        return controls.webhooks;
      case 'POST webhooks':
        return id === 'flush' ? controls.flushWebhooks() : undefined;
      case 'GET state':
        return controls.state();
      case 'POST disputes':
        return id === ''
          ? controls.openDispute(disputeSchema.parse(body()))
          : controls.moveDispute(id, disputeChangeSchema.parse(body()));
      case 'POST payouts':
        return payOut(simulation);
      case 'POST refunds':
        return controls.setRefundStatus(id, refundStatusSchema.parse(body()).status);
      case 'POST payment_intents/:id/settle':
        return controls.settle(id, settleSchema.parse(body()).outcome);
      case 'POST payment_intents/:id/fund':
        return controls.fund(id, fundSchema.parse(body()).amount);
      case 'POST payment_intents/:id/expire':
        return controls.expire(id);
      case 'POST clock': {
        controls.advanceClock(clockSchema.parse(body()).advanceMs);
        return { now: simulation.now() };
      }
      case 'POST payment_intents/:id/pay':
        return controls.pay(id, paySchema.parse(body()));
      case 'POST events':
        return controls.emit(eventSchema.parse(body()));
      case 'POST events/:id/resend':
        controls.resend(id);
        return controls.webhooks;
      case 'POST reset':
        controls.reset();
        return { status: 'ok' };
      default:
        return undefined;
    }
  }

  function bankPage(
    req: IncomingMessage,
    res: ServerResponse,
    id: string,
    action: string,
    query: URLSearchParams,
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
}

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

function sendJson(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendHtml(res: ServerResponse, html: string, status = 200): void {
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
}
