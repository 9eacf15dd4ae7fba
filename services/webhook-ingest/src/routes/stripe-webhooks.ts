import { InvalidRequestError } from '@connector/errors';
import type { Route } from '@connector/http';
import { Router } from 'express';
import { type WebhookOptions, WebhookReceiver } from './webhook-receiver.ts';

const PATH = '/stripe/webhooks';

/**
 * `POST /stripe/webhooks`: a signed Stripe event becomes a durable record on `payments.events`. 200 with an empty body says
 * that the broker has it, or that it is none of ours; 503 that it may not have it, so that Stripe sends it again. 401
 * without signature, 400 with a bad one, unreadable or thin, 413 when too large, 405 for other methods, 408 for a body that does
 * not arrive.
 */
export function stripeWebhooksRoute(options: WebhookOptions): Route {
  const receiver = new WebhookReceiver(options);
  const router = Router({ caseSensitive: true })
    .post(PATH, receiver.receive)
    .all(PATH, (_req, res) => {
      res.setHeader('allow', 'POST');
      throw new InvalidRequestError('MethodNotAllowed', 'Method not allowed', {}, { statusCode: 405 });
    });
  return Object.assign(router, { direct: { method: 'POST', path: PATH, handle: receiver.receive } });
}
