import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { textsFor } from './messages.ts';
import { createProcessorClient } from './processor-client.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ['at once', 0, 6],
  ['after 5 s each', 5_000, 3],
])('asks for an outcome for about a quarter of a minute where it is refused %s', async (_pace, takesMs, questions) => {
  const began = Date.now();
  let asked = 0;
  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
  const processor = createProcessorClient({
    processorUrl: 'https://processor.example',
    sessionId: () => 'session-1',
    text: textsFor('en'),
    fetch: async () => {
      asked += 1;
      pass(takesMs);
      return new Response(null, { status: 503 });
    },
    sleep: async (ms) => {
      pass(ms);
    },
  });
  await expect(processor.confirmPayment('payment-1', 'pi_1')).rejects.toMatchObject({ status: 503 });
  expect(asked).toBe(questions);
  expect(Date.now() - began).toBeLessThan(17_000);
});

it('tells the shopper to try again in a while where somebody at the merchant has locked the cart', async () => {
  const processor = createProcessorClient({
    processorUrl: 'https://processor.example',
    sessionId: () => 'session-1',
    text: textsFor('en'),
    fetch: async () =>
      Response.json(
        { statusCode: 400, message: 'x', errors: [{ code: 'cart_locked', message: 'x' }] },
        { status: 400 },
      ),
    sleep: async () => {},
  });
  await expect(processor.openPayment()).rejects.toMatchObject({
    name: 'ProcessorError',
    code: 'cart_locked',
    message: textsFor('en')('unavailable'),
  });
});
