import type { IncomingMessage, ServerResponse } from 'node:http';
import { stripeJsSource } from '@connector/simulator-stripe/stripe-js';
import * as z from 'zod';
import { bundlePage } from './assets.ts';
import { isCurrency } from './catalogue.ts';
import { createLive, type Explain, type SubscribeToEvents } from './live.ts';
import { type CommercetoolsAccess, CommercetoolsAnswerError, createMerchant } from './merchant.ts';
import { createOperations } from './operations.ts';
import { proxy } from './proxy.ts';

export { BEHAVIOR_RULES, SAVED_METHODS } from './catalogue.ts';
export type { Explain, SandboxEvent, SubscribeToEvents } from './live.ts';

export interface StorefrontOptions {
  commercetools: CommercetoolsAccess;
  /** Base URLs of the sides that are simulated. */
  simulators: { commercetools?: string; stripe?: string };
  /** Origin that the browser sees; the processor's routes answer there too. */
  publicUrl: string;
  /** Where this process reaches the processor, when not at `publicUrl`. */
  processorUrl?: string;
  /** Where the enabler's ES build is served, e.g. `/connector-enabler.es.js`. */
  enablerUrl: string;
  /** Kafka's events, for the timeline; without it the timeline shows the browser's and commercetools' side. */
  events?: SubscribeToEvents;
  /** Asks everyone about a payment, for the timeline's last sentence; without it the timeline tells what was seen. */
  explain?: Explain;
  /** Takes Kafka away and brings it back; without it the page has no such switch. */
  kafka?: { setDown(isDown: boolean): Promise<void> };
  /** Where `/<trace id>` answers with the trace; without it the page shows trace ids alone. */
  tracesPath?: string;
  /** Named figures shown beside the faults, e.g. `{ 'Dead letters': 0 }`. */
  serviceMetrics?: () => Promise<Record<string, number | string>>;
}

export interface Storefront {
  /** True when the request was the storefront's and has been answered. */
  handle(req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  close(): void;
}

const addressSchema = z
  .object({
    firstName: z.string().max(100),
    lastName: z.string().max(100),
    streetName: z.string().max(200),
    postalCode: z.string().max(20),
    city: z.string().max(100),
    country: z.string().length(2),
    email: z.email(),
  })
  .partial();

const checkoutSchema = z
  .object({
    currency: z.string().length(3),
    centAmount: z.number().int().positive().optional(),
    quantity: z.number().int().min(1).max(99).optional(),
    country: z.string().length(2).optional(),
    customer: z.union([z.boolean(), z.string()]).optional(),
    captureMethod: z.enum(['automatic', 'manual']).optional(),
    flowType: z.enum(['deferred', 'pi_first']).optional(),
    address: addressSchema.optional(),
    locale: z.string().max(10).optional(),
    /** Where a bank sends the shopper back to; default this shop. */
    returnUrl: z.url().optional(),
  })
  .refine(({ currency, centAmount }) => isCurrency(currency) || centAmount !== undefined, {
    path: ['currency'],
    error: 'not a currency of the shop, and no centAmount',
  });

/**
 * The shop of the sandbox: a page at `/`, its backend under `/storefront/api`, and the simulators' control under `/_sandbox/*`.
 * It uses the merchant's own API client, so it works against a real project too.
 */
export function createStorefront(options: StorefrontOptions): Storefront {
  const { simulators, publicUrl } = options;
  const merchant = createMerchant(options.commercetools, { publicUrl });
  const operations = createOperations(merchant, {
    processorUrl: options.processorUrl ?? publicUrl,
    stripeSimulator: simulators.stripe,
  });
  const live = createLive({
    readPayment: (id) => merchant.payment(id),
    subscribe: options.events,
    explain: options.explain,
  });
  const page = bundlePage();
  // A page that can't be built is an error for the one who asks for it, not for the process.
  page.catch(() => {});

  const pageConfig = {
    enablerUrl: options.enablerUrl,
    isStripeSimulated: simulators.stripe !== undefined,
    switches: {
      commercetools: simulators.commercetools !== undefined,
      stripe: simulators.stripe !== undefined,
      kafka: options.kafka !== undefined,
    },
    hasMetrics: options.serviceMetrics !== undefined,
    hasKafkaEvents: options.events !== undefined,
    tracesPath: options.tracesPath,
  };

  const routes: [method: string, pattern: RegExp, answer: (context: Exchange) => Promise<void> | void][] = [
    [
      'GET',
      /^\/$/,
      async ({ req, res }) => {
        const origin = originOf(req, publicUrl);
        res.setHeader('cache-control', 'no-store');
        res.setHeader('content-security-policy', contentSecurityPolicy(origin));
        send(res, 200, 'text/html; charset=utf-8', (await page).html({ ...pageConfig, processorUrl: origin }));
      },
    ],
    [
      'GET',
      /^\/storefront\/app\.js$/,
      async ({ res }) => send(res, 200, 'text/javascript; charset=utf-8', (await page).script),
    ],
    [
      'GET',
      /^\/storefront\/style\.css$/,
      async ({ res }) => send(res, 200, 'text/css; charset=utf-8', (await page).style),
    ],
    ['GET', /^\/favicon\.ico$/, ({ res }) => send(res, 204, 'image/x-icon', '')],
    [
      'GET',
      /^\/storefront\/stripe\.js$/,
      async ({ req, res }) => {
        if (!simulators.stripe) return json(res, 404, { message: 'Stripe is not simulated.' });
        const source = await stripeJsSource(`${originOf(req, publicUrl)}/storefront/stripe`);
        send(res, 200, 'text/javascript; charset=utf-8', source);
      },
    ],
    [
      'POST',
      /^\/storefront\/api\/checkouts$/,
      async ({ req, res }) => {
        const request = checkoutSchema.parse(await readJson(req));
        const returnUrl = request.returnUrl ?? `${originOf(req, publicUrl)}/`;
        json(res, 201, await merchant.createCheckout({ ...request, returnUrl }));
      },
    ],
    [
      'PUT',
      /^\/storefront\/api\/carts\/([^/]+)\/address$/,
      async ({ req, res, id }) => {
        await merchant.setAddress(id, addressSchema.parse(await readJson(req)));
        json(res, 200, {});
      },
    ],
    [
      'GET',
      /^\/storefront\/api\/payments\/([^/]+)$/,
      async ({ res, id }) => json(res, 200, await merchant.payment(id)),
    ],
    ['GET', /^\/storefront\/api\/payments\/([^/]+)\/stream$/, ({ res, id }) => live.stream(id, res)],
    [
      'POST',
      /^\/storefront\/api\/payments\/([^/]+)\/operations$/,
      async ({ req, res, id }) => {
        const { status, body } = await operations.run(
          id,
          await readJson(req),
          req.headers['idempotency-key']?.toString(),
        );
        json(res, status, body);
      },
    ],
    [
      'GET',
      /^\/storefront\/api\/metrics$/,
      async ({ res }) => json(res, 200, (await options.serviceMetrics?.()) ?? {}),
    ],
    [
      'PUT',
      /^\/storefront\/api\/kafka$/,
      async ({ req, res }) => {
        if (!options.kafka) return json(res, 404, { message: 'Kafka is not run by this sandbox.' });
        const { isDown } = z.object({ isDown: z.boolean() }).parse(await readJson(req));
        await options.kafka.setDown(isDown);
        json(res, 200, { isDown });
      },
    ],
  ];

  return {
    async handle(req, res) {
      const { pathname, search } = new URL(req.url ?? '/', publicUrl);
      const control = /^\/_sandbox\/(commercetools|stripe)(\/.*)?$/.exec(pathname);
      if (control) {
        const simulator = simulators[control[1] as 'commercetools' | 'stripe'];
        if (!simulator) json(res, 404, { message: `${control[1]} is not simulated.` });
        else await proxy(req, res, `${simulator}/_sandbox${control[2] ?? ''}${search}`);
        return true;
      }
      // What the stand-in for Stripe.js calls, through this origin so that the page works from another device too.
      if (simulators.stripe && pathname.startsWith('/storefront/stripe/')) {
        await proxy(req, res, `${simulators.stripe}${pathname.slice('/storefront/stripe'.length)}${search}`);
        return true;
      }
      for (const [method, pattern, answer] of routes) {
        const match = pattern.exec(pathname);
        if (!match || (req.method !== method && !(req.method === 'HEAD' && method === 'GET'))) continue;
        try {
          await answer({ req, res, id: decodeURIComponent(match[1] ?? '') });
        } catch (error) {
          answerError(res, error);
        }
        return true;
      }
      if (!pathname.startsWith('/storefront/')) return false;
      json(res, 404, { message: `${req.method} ${pathname} is not a route of the storefront.` });
      return true;
    },
    close: () => live.close(),
  };
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Where the browser sees this shop. One that is meant for this machine answers on whatever port of it was forwarded here
 * (`kubectl port-forward svc/… 9000:8080`), so that bank and Stripe.js lead back to that port; no other host is believed.
 */
function originOf(req: IncomingMessage, publicUrl: string): string {
  const { origin, host } = new URL(publicUrl);
  const asked = req.headers.host ?? '';
  return LOOPBACK.test(host) && LOOPBACK.test(asked) ? `http://${asked}` : origin;
}

/** What a shop has to allow for Stripe.js and the enabler; the page shows that no more is needed. */
const contentSecurityPolicy = (origin: string): string =>
  [
    "default-src 'self'",
    `script-src 'self' ${origin} https://js.stripe.com`,
    "style-src 'self' 'unsafe-inline'",
    `connect-src 'self' ${origin} https://api.stripe.com`,
    'frame-src https://js.stripe.com https://hooks.stripe.com',
    "img-src 'self' data: https://*.stripe.com",
    "base-uri 'none'",
    "object-src 'none'",
  ].join('; ');

interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  id: string;
}

function send(res: ServerResponse, status: number, contentType: string, body: string): void {
  res.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff' }).end(body);
}

const json = (res: ServerResponse, status: number, body: unknown): void =>
  send(res, status, 'application/json; charset=utf-8', JSON.stringify(body));

const MAX_BODY_BYTES = 64 * 1024;

async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new SyntaxError('The body is too large.');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
}

/** The storefront is a page for people who try things: it says what went wrong. */
function answerError(res: ServerResponse, error: unknown): void {
  if (res.headersSent) res.destroy();
  else if (error instanceof z.ZodError) json(res, 400, { message: z.prettifyError(error) });
  else if (error instanceof SyntaxError) json(res, 400, { message: 'The body is not valid JSON.' });
  else if (error instanceof CommercetoolsAnswerError)
    json(res, error.status === 404 ? 404 : 502, { message: error.message });
  else json(res, 502, { message: error instanceof Error ? error.message : 'unknown error' });
}
