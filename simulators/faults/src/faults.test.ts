import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Fault, Faults } from './faults.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** A side with these faults; each call answers the status and headers of a failure, or 'passes'. */
function sideWith(...faults: Fault[]) {
  const side = new Faults(() => 0);
  side.replace(faults);
  const call = async (method: string, url: string) => {
    let failure: unknown = 'passes';
    const response = {
      writeHead: (status: number, headers: object) => {
        failure = { status, ...headers };
        return { end: (body: string) => Object.assign(failure as object, { code: JSON.parse(body).error.code }) };
      },
    };
    await side.intercept({ method, url } as IncomingMessage, response as unknown as ServerResponse);
    return failure;
  };
  return { side, call };
}

it('lets so many calls a second of each endpoint pass, whichever object they are about, and names the limit as Stripe does', async () => {
  const { call } = sideWith({ status: 429, beyondPerSecond: 2, each: 'endpoint' });
  const answers = [
    await call('GET', '/v1/payment_intents/pi_3Qabcdefghijkl'),
    await call('GET', '/v1/payment_intents/pi_3Qmnopqrstuvwx?expand=x'),
    await call('GET', '/v1/payment_intents/pi_3Qyz0123456789'),
    await call('POST', '/v1/payment_intents'),
  ];
  const refused = { status: 429, code: 'rate_limit', 'stripe-rate-limited-reason': 'endpoint-rate' };
  expect(answers).toEqual(['passes', 'passes', expect.objectContaining(refused), 'passes']);
  await vi.advanceTimersByTimeAsync(500);
  expect(await call('GET', '/v1/payment_intents/pi_3Qyz0123456789')).toBe('passes');
});

it('lets so many calls a second of all together pass, and says when to come again', async () => {
  const { side, call } = sideWith({ status: 503, beyondPerSecond: 2, retryAfterS: 1 });
  const answers = [await call('GET', '/a'), await call('POST', '/b'), await call('GET', '/c')];
  expect(answers).toEqual(['passes', 'passes', expect.objectContaining({ status: 503, 'retry-after': '1' })]);
  expect(side.current).toMatchObject([{ passed: 2, refused: 1 }]);
});
