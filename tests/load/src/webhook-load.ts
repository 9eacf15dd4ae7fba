// Posts signed webhooks, made before the clock starts, over kept-alive sockets. A process of its own, told what to do by messages.
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chargeOf, paymentIntent, stripeEvent } from '@connector/testing';
import { type LoadResult, sendAll } from './send.ts';

export interface Load {
  readonly port: number;
  readonly secret: string;
  readonly projectKey: string;
  readonly requests: number;
  readonly connections: number;
  /** Size of each body. */
  readonly bytes: number;
  /** Requests offered in a second, whether earlier ones are answered or not; without it the next is sent as one is answered. */
  readonly perSecond?: number | undefined;
}

export type Told = { readonly kind: 'ready' } | ({ readonly kind: 'done' } & LoadResult);

const MARK = { event: 'evt_bench_mark', paymentIntent: 'pi_bench_mark' };

/** One request's bytes each; no two events are alike, and each has a payment of its own. */
function signedRequests({ secret, projectKey, requests, bytes }: Load): Buffer[] {
  const metadata = { ct_project_key: projectKey, cart_id: 'cart', ct_payment_key: 'cart-1' };
  const charge = chargeOf(paymentIntent({ id: MARK.paymentIntent, metadata }));
  const event = (description: string) =>
    JSON.stringify(stripeEvent('charge.succeeded', { ...charge, description }, { id: MARK.event }), undefined, 2);
  const padding = bytes - Buffer.byteLength(event(''));
  if (padding < 0) throw new Error(`an event has ${bytes - padding} bytes at least`);
  const template = event('x'.repeat(padding));
  const run = randomBytes(4).toString('hex');
  const timestamp = Math.floor(Date.now() / 1000);
  return Array.from({ length: requests }, (_, at) => {
    const unique = `${run}${String(at).padStart(6, '0')}`;
    const body = template
      .replaceAll(MARK.event, `evt_${unique.slice(-10)}`)
      .replaceAll(MARK.paymentIntent, `pi_${unique.slice(-10)}`);
    const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    const head = [
      'POST /stripe/webhooks HTTP/1.1',
      'host: localhost',
      'accept: */*; q=0.5, application/xml',
      'cache-control: no-cache',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `stripe-signature: t=${timestamp},v1=${signature}`,
      'user-agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      'connection: keep-alive',
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}

const progress = (told: Told) => process.send?.(told);

// First the load, then a word to go, so that signing is over when the clock starts.
const [load] = (await once(process, 'message')) as [Load];
const requests = signedRequests(load);
progress({ kind: 'ready' });
await once(process, 'message');
progress({ kind: 'done', ...(await sendAll(requests, load)) });
await once(process, 'disconnect');
