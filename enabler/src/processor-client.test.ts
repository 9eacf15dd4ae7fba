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
])(
  'asks for an outcome for about a quarter of a minute when each refusal takes %s',
  async (_pace, takesMs, questions) => {
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
  },
);

/** A processor that gives these answers in turn, and the last one from then on, with the number of its calls. */
function answering(...answers: readonly (readonly [status: number, body: object])[]) {
  let asked = 0;
  const processor = createProcessorClient({
    processorUrl: 'https://processor.example',
    sessionId: () => 'session-1',
    text: textsFor('en'),
    fetch: async () => {
      const [status, body] = answers[Math.min(asked, answers.length - 1)] as (typeof answers)[number];
      asked += 1;
      return Response.json(body, { status });
    },
    sleep: async () => {},
  });
  return { processor, asked: () => asked };
}
const overloaded = { statusCode: 503, errors: [{ code: 'Overloaded', message: 'x' }] };
const unavailable = { statusCode: 503, errors: [{ code: 'General', message: 'x' }] };

it.each([
  ['somebody at the merchant has locked the cart', 'cart_locked', 400],
  ['a limit is reached that all shoppers share', 'Overloaded', 503],
])('tells the shopper at once to try again later when %s', async (_why, code, status) => {
  const { processor, asked } = answering([
    status,
    { statusCode: status, message: 'x', errors: [{ code, message: 'x' }] },
  ]);
  await expect(processor.openPayment()).rejects.toMatchObject({
    name: 'ProcessorError',
    code,
    message: textsFor('en')('unavailable'),
  });
  expect(asked()).toBe(1);
});

it('asks for a form again only when the processor is away', async () => {
  const opened = { sClientSecret: 'pi_1_secret_1', paymentReference: 'payment-1' };
  const { processor } = answering([503, unavailable], [200, opened]);
  expect(await processor.openPayment()).toEqual(opened);
});

it('asks again for the outcome of a made payment, also when a limit is reached', async () => {
  const { processor } = answering([503, overloaded], [200, { outcome: 'approved' }]);
  expect(await processor.confirmPayment('payment-1', 'pi_1')).toBe('approved');
});
