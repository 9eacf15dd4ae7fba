import { stripeJsSource } from '@connector/simulator-stripe/stripe-js';
import { bundlePage } from './assets.ts';
import { originOf, type Route, send, sendJson } from './exchange.ts';
import type { StorefrontOptions } from './options.ts';

/** The page, its script and its style, built together with the storefront. */
export function pageRoutes(options: StorefrontOptions): readonly Route[] {
  const { publicUrl, simulators } = options;
  const config = pageConfig(options);
  const page = bundlePage();
  // A page that cannot be built is an error for its request, not for the process.
  page.catch(() => {});
  return [
    [
      'GET',
      /^\/$/,
      async ({ req, res }) => {
        const origin = originOf(req, publicUrl);
        res.setHeader('cache-control', 'no-store');
        res.setHeader('content-security-policy', contentSecurityPolicy(origin));
        send(res, 200, 'text/html; charset=utf-8', (await page).html({ ...config, processorUrl: origin }));
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
        if (!simulators.stripe) return sendJson(res, 404, { message: 'Stripe is not simulated.' });
        const source = await stripeJsSource(`${originOf(req, publicUrl)}/storefront/stripe`);
        send(res, 200, 'text/javascript; charset=utf-8', source);
      },
    ],
  ];
}

const pageConfig = ({ enablerUrl, simulators, kafka, serviceMetrics, tracesPath }: StorefrontOptions) => ({
  enablerUrl,
  isStripeSimulated: simulators.stripe !== undefined,
  switches: {
    commercetools: simulators.commercetools !== undefined,
    stripe: simulators.stripe !== undefined,
    kafka: kafka !== undefined,
  },
  hasMetrics: serviceMetrics !== undefined,
  tracesPath,
});

/** The policy that a shop needs for Stripe.js and the enabler; this page proves that no more is needed. */
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
