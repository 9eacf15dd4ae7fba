import type { IncomingMessage, ServerResponse } from 'node:http';
import { ZodError } from 'zod';
import { serveBankPage } from './bank-page.ts';
import {
  clockSchema,
  disputeChangeSchema,
  disputeSchema,
  eventSchema,
  fundSchema,
  paySchema,
  refundStatusSchema,
  settingsSchema,
  settleSchema,
} from './control-schemas.ts';
import type { Controls } from './controls.ts';
import { StripeApiError } from './errors.ts';
import { allowAnyOrigin, type Handler, readBody, sendHtml, sendJson } from './exchange.ts';
import { donePage } from './pages.ts';
import { payOut } from './payouts.ts';
import type { Simulation } from './simulation.ts';
import { stripeJsSource } from './stripe-js.ts';
import { webhookSettingsSchema } from './webhook-settings.ts';

/** Serves /_sandbox: the control plane, the bank's test page, and the browser script. */
export function controlHandler(simulation: Simulation, controls: Controls): Handler {
  const pages = new Map<string, Page>([
    ['3ds', (req, res, page) => serveBankPage(simulation, req, res, page)],
    ['stripe.js', (_req, res) => sendScript(res, simulation.url)],
    ['vouchers', (_req, res, { id }) => sendHtml(res, donePage(`Voucher of ${id}`))],
    ['receipts', (_req, res, { id }) => sendHtml(res, donePage(`Receipt of ${id}`))],
  ]);
  const routes = controlRoutes(simulation, controls);

  return async (req, res, path, query) => {
    allowAnyOrigin(res);
    if (req.method === 'OPTIONS') {
      res.writeHead(204).end();
      return;
    }
    const [, , area = '', id = '', action = ''] = path.split('/');
    const text = await readBody(req);
    const page = pages.get(area);
    if (page) {
      await page(req, res, { id, action, query: new URLSearchParams(query) });
      return;
    }
    try {
      const control = routes[`${req.method} ${area}${id && action ? `/:id/${action}` : ''}`];
      const answer = await control?.(id, () => (text === '' ? {} : JSON.parse(text)));
      sendJson(res, answer === undefined ? 404 : 200, answer ?? { message: `no control ${req.method} ${path}` });
    } catch (error) {
      sendError(res, error);
    }
  };
}

type Page = (
  req: IncomingMessage,
  res: ServerResponse,
  page: { id: string; action: string; query: URLSearchParams },
) => void | Promise<void>;

async function sendScript(res: ServerResponse, url: string): Promise<void> {
  const script = await stripeJsSource(url);
  res.setHeader('content-type', 'text/javascript; charset=utf-8');
  res.end(script);
}

/** Answers undefined when there is no such control. `body` throws SyntaxError when it is not JSON. */
type Control = (id: string, body: () => unknown) => object | undefined | Promise<object>;

const controlRoutes = (simulation: Simulation, controls: Controls): Readonly<Record<string, Control>> => ({
  'GET health': () => ({ status: 'ok' }),
  'GET faults': () => controls.faults,
  'PUT faults': (_id, body) => {
    controls.setFaults(body());
    return controls.faults;
  },
  'GET settings': () => controls.settings,
  'PUT settings': (_id, body) => {
    controls.configure(settingsSchema.parse(body()) as Parameters<Controls['configure']>[0]);
    return controls.settings;
  },
  'GET webhooks': (id) => (id === 'acknowledged' ? controls.acknowledgedEvents : controls.webhooks),
  'PUT webhooks': (_id, body) => {
    webhookSettingsSchema.parse(body());
    controls.configureWebhooks(body() as Parameters<Controls['configureWebhooks']>[0]);
    return controls.webhooks;
  },
  'POST webhooks': (id) => (id === 'flush' ? controls.flushWebhooks() : undefined),
  'GET state': () => controls.state(),
  'POST disputes': (id, body) =>
    id === ''
      ? controls.openDispute(disputeSchema.parse(body()))
      : controls.moveDispute(id, disputeChangeSchema.parse(body())),
  'POST payouts': () => payOut(simulation),
  'POST refunds': (id, body) => controls.setRefundStatus(id, refundStatusSchema.parse(body()).status),
  'POST payment_intents/:id/settle': (id, body) => controls.settle(id, settleSchema.parse(body()).outcome),
  'POST payment_intents/:id/fund': (id, body) => controls.fund(id, fundSchema.parse(body()).amount),
  'POST payment_intents/:id/expire': (id) => controls.expire(id),
  'POST payment_intents/:id/pay': (id, body) => controls.pay(id, paySchema.parse(body())),
  'POST clock': (_id, body) => {
    controls.advanceClock(clockSchema.parse(body()).advanceMs);
    return { now: simulation.now() };
  },
  'POST events': (_id, body) => controls.emit(eventSchema.parse(body())),
  'POST events/:id/resend': (id) => {
    controls.resend(id);
    return controls.webhooks;
  },
  'POST reset': () => {
    controls.reset();
    return { status: 'ok' };
  },
});

function sendError(res: ServerResponse, error: unknown): void {
  if (error instanceof StripeApiError) sendJson(res, error.status, { error: error.body });
  else if (error instanceof ZodError) sendJson(res, 400, { message: 'invalid control', issues: error.issues });
  else if (error instanceof SyntaxError) sendJson(res, 400, { message: 'not JSON' });
  else throw error;
}
