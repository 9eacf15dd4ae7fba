import type { IncomingMessage, ServerResponse } from 'node:http';
import { apiRoutes } from './api-routes.ts';
import { type Route, sendError, sendJson } from './exchange.ts';
import { Live } from './live.ts';
import { Merchant } from './merchant.ts';
import { createOperations } from './operations.ts';
import type { StorefrontOptions } from './options.ts';
import { pageRoutes } from './page-routes.ts';
import { proxy } from './proxy.ts';

/**
 * The shop of the sandbox: a page at `/`, its backend under `/storefront/api`, and the simulators' control under
 * `/_sandbox/*`. It uses the merchant's own API client, so it also works with a real project.
 */
export class Storefront {
  readonly #options: StorefrontOptions;
  readonly #live: Live;
  readonly #routes: readonly Route[];

  constructor(options: StorefrontOptions) {
    const { publicUrl, processorUrl = publicUrl, simulators, events, explain } = options;
    const merchant = new Merchant(options.commercetools, { publicUrl });
    const operations = createOperations(merchant, { processorUrl, stripeSimulator: simulators.stripe });
    this.#options = options;
    this.#live = new Live({ readPayment: (id) => merchant.payment(id), subscribe: events, explain });
    this.#routes = [...pageRoutes(options), ...apiRoutes({ merchant, operations, live: this.#live }, options)];
  }

  /** True when the storefront has answered the request. */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
    const { pathname, search } = new URL(req.url ?? '/', this.#options.publicUrl);
    if (await this.#passOn(req, res, pathname, search)) return true;
    if (await this.#answer(req, res, pathname)) return true;
    if (!pathname.startsWith('/storefront/')) return false;
    sendJson(res, 404, { message: `${req.method} ${pathname} is not a route of the storefront.` });
    return true;
  }

  close(): void {
    this.#live.close();
  }

  /** Forwards to a simulator at this origin, so that the page also works from another device. */
  async #passOn(req: IncomingMessage, res: ServerResponse, path: string, search: string): Promise<boolean> {
    const { simulators } = this.#options;
    const control = /^\/_sandbox\/(commercetools|stripe)(\/.*)?$/.exec(path);
    if (control) {
      const [, side, rest = ''] = control;
      const simulator = simulators[side as keyof typeof simulators];
      if (!simulator) sendJson(res, 404, { message: `${side} is not simulated.` });
      else await proxy(req, res, `${simulator}/_sandbox${rest}${search}`);
      return true;
    }
    // The calls of the stand-in for Stripe.js.
    if (!simulators.stripe || !path.startsWith('/storefront/stripe/')) return false;
    await proxy(req, res, `${simulators.stripe}${path.slice('/storefront/stripe'.length)}${search}`);
    return true;
  }

  async #answer(req: IncomingMessage, res: ServerResponse, path: string): Promise<boolean> {
    for (const [method, pattern, answer] of this.#routes) {
      const match = pattern.exec(path);
      if (!match || (req.method !== method && !(req.method === 'HEAD' && method === 'GET'))) continue;
      try {
        await answer({ req, res, id: decodeURIComponent(match[1] ?? '') });
      } catch (error) {
        sendError(res, error);
      }
      return true;
    }
    return false;
  }
}
