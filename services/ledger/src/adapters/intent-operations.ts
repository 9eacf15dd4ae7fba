import { PermanentError, TransientError } from '@connector/errors';
import type { Fetch } from '@connector/http';
import * as z from 'zod';
import type { Operations } from '../use-cases/ports-unordered.ts';

const answerSchema = z.object({ outcome: z.enum(['approved', 'received', 'rejected']) });

/** A label in place of an invoice number, by which people find these operations at Stripe. */
const REFERENCE = 'paid-without-order';

/**
 * The operations of intent over HTTP, called as Checkout calls them, with a token of our own API client, which needs
 * manage_checkout_payment_intents. `token` returns such a token.
 */
export const intentOperations = (baseUrl: string, fetch: Fetch, token: () => Promise<string>): Operations => ({
  reverse: async (paymentId, key) => {
    const authorization = `Bearer ${await token()}`;
    let status: number;
    let body: unknown;
    try {
      const response = await fetch(`${baseUrl}/operations/payment-intents/${encodeURIComponent(paymentId)}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ actions: [{ action: 'reversePayment', merchantReference: REFERENCE }] }),
      });
      status = response.status;
      body = await response.json();
    } catch (error) {
      throw new TransientError('intent cannot be asked', { reason: 'connection', dependency: 'intent', cause: error });
    }
    const answer = answerSchema.safeParse(body);
    if (status === 200 && answer.success) return answer.data.outcome === 'rejected' ? 'refused' : 'done';
    if (status === 400) return 'nothing';
    if (status === 401)
      throw new PermanentError('intent refused the token: the API client needs manage_checkout_payment_intents');
    throw new TransientError(`intent answered ${status}`, { reason: 'server_error', dependency: 'intent' });
  },
});
