import { InvalidRequestError } from '@connector/errors';
import type { Route } from '@connector/http';
import { Router } from 'express';
import { type WebhookOptions, WebhookReceiver } from './webhook-receiver.ts';

const PATH = '/stripe/webhooks';

/**
 * `POST /stripe/webhooks`: a signed Stripe event becomes a durable record on `payments.events`. 200 with an empty body
 * means that the broker has the event, or that it is not ours; 503 that the broker may not have it, so that Stripe
 * sends it again. 401 without a signature, 400 for a bad signature, an unreadable or a thin event, 413 when too large,
 * 405 for other methods, 408 for an incomplete body (rulings 18).
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
