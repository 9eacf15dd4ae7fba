import * as z from 'zod';
import { isCurrency } from './catalogue.ts';
import { originOf, type Route, readJson, sendJson } from './exchange.ts';
import type { Live } from './live.ts';
import type { Merchant } from './merchant.ts';
import type { Operations } from './operations.ts';
import type { StorefrontOptions } from './options.ts';

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
    /** Return address for a bank; default this shop. */
    returnUrl: z.url().optional(),
  })
  .refine(({ currency, centAmount }) => isCurrency(currency) || centAmount !== undefined, {
    path: ['currency'],
    error: 'not a currency of the shop, and no centAmount',
  });

interface Backend {
  readonly merchant: Merchant;
  readonly operations: Operations;
  readonly live: Live;
}

/** The page's calls: checkouts, addresses, payments and the back office's operations. */
export function apiRoutes(
  { merchant, operations, live }: Backend,
  { publicUrl, serviceMetrics, kafka }: StorefrontOptions,
): readonly Route[] {
  return [
    [
      'POST',
      /^\/storefront\/api\/checkouts$/,
      async ({ req, res }) => {
        const request = checkoutSchema.parse(await readJson(req));
        const returnUrl = request.returnUrl ?? `${originOf(req, publicUrl)}/`;
        sendJson(res, 201, await merchant.createCheckout({ ...request, returnUrl }));
      },
    ],
    [
      'PUT',
      /^\/storefront\/api\/carts\/([^/]+)\/address$/,
      async ({ req, res, id }) => {
        await merchant.setAddress(id, addressSchema.parse(await readJson(req)));
        sendJson(res, 200, {});
      },
    ],
    [
      'GET',
      /^\/storefront\/api\/payments\/([^/]+)$/,
      async ({ res, id }) => sendJson(res, 200, await merchant.payment(id)),
    ],
    ['GET', /^\/storefront\/api\/payments\/([^/]+)\/stream$/, ({ res, id }) => live.stream(id, res)],
    [
      'POST',
      /^\/storefront\/api\/payments\/([^/]+)\/operations$/,
      async ({ req, res, id }) => {
        const key = req.headers['idempotency-key']?.toString();
        const { status, body } = await operations.run(id, await readJson(req), key);
        sendJson(res, status, body);
      },
    ],
    ['GET', /^\/storefront\/api\/metrics$/, async ({ res }) => sendJson(res, 200, (await serviceMetrics?.()) ?? {})],
    [
      'PUT',
      /^\/storefront\/api\/kafka$/,
      async ({ req, res }) => {
        if (!kafka) return sendJson(res, 404, { message: 'Kafka is not run by this sandbox.' });
        const { isDown } = z.object({ isDown: z.boolean() }).parse(await readJson(req));
        await kafka.setDown(isDown);
        sendJson(res, 200, { isDown });
      },
    ],
  ];
}
