import { TransientError } from '@connector/errors';
import { METADATA } from '@connector/payment-model';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { createStripe, type StripeClient } from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stripePaymentIntents } from '../../../../services/intent/src/adapters/payment-intents.ts';
import type { Operation } from '../../../../services/intent/src/domain/operations.ts';
import { aPayment } from '../../../../services/intent/src/testing/builders.ts';
import { FakeWorld } from '../../../../services/intent/src/testing/fake-world.ts';
import type { PaymentIntents } from '../../../../services/intent/src/use-cases/ports.ts';
import { type OperationOutcome, runOperation } from '../../../../services/intent/src/use-cases/run-operation.ts';

const AUTHORISED = 1190;
const SECOND_MS = 1_000;
const DAY_MS = 25 * 60 * 60 * 1000;
const NUM_RUNS = Number(process.env.OPERATION_CASES ?? 150);
const SEED = Number(process.env.OPERATION_SEED ?? Math.floor(Math.random() * 2 ** 31));

const log = createLogger('intent', 'silent');
let now = Date.parse('2026-01-01T00:00:00Z');
let account: StripeSimulator;
let stripe: StripeClient;

beforeAll(async () => {
  account = await startStripeSimulator({ now: () => now });
  account.controls.configure({ settleDelayMs: null });
  stripe = createStripe({ STRIPE_SECRET_KEY: 'sk_test_operations', STRIPE_API_BASE: account.url }, { log, retries: 0 });
});
afterAll(async () => {
  await stripe.close();
  await account.close();
});

/** One thing that a back office wants, and how often and when it says so. */
interface Wish {
  readonly does: 'capture' | 'refund' | 'cancel' | 'reverse';
  readonly centAmount: number;
  readonly reference: string | undefined;
  readonly hasKey: boolean;
  /** Asked at the same moment twice, before either is answered. */
  readonly twice: boolean;
  /** Whether, at which call of a request (from 0), and before or after its effect, the process dies; then it is asked for again, with a key. */
  readonly crash: { readonly at: number; readonly moment: 'before' | 'after' } | undefined;
  /** How long after, in ms, it is asked for again under its key. */
  readonly again: readonly number[];
}

const wish: fc.Arbitrary<Wish> = fc.record({
  does: fc.oneof(
    { weight: 4, arbitrary: fc.constant('capture' as const) },
    { weight: 6, arbitrary: fc.constant('refund' as const) },
    { weight: 1, arbitrary: fc.constantFrom('cancel' as const, 'reverse' as const) },
  ),
  // Few values, so that equal operations are common.
  centAmount: fc.constantFrom(100, 300, 300, 590),
  reference: fc.constantFrom(undefined, 'invoice-7', 'invoice-7', 'invoice-8'),
  hasKey: fc.boolean(),
  twice: fc.boolean(),
  crash: fc.option(fc.record({ at: fc.nat(6), moment: fc.constantFrom('before' as const, 'after' as const) }), {
    nil: undefined,
  }),
  again: fc.array(fc.constantFrom(SECOND_MS, DAY_MS), { maxLength: 2 }),
});

const operationOf = ({ does, centAmount }: Wish): Operation => {
  const amount = { centAmount, currencyCode: 'EUR' };
  switch (does) {
    case 'capture':
      return { action: 'capturePayment', amount };
    case 'refund':
      return { action: 'refundPayment', amount };
    case 'cancel':
      return { action: 'cancelPayment' };
    case 'reverse':
      return { action: 'reversePayment' };
  }
};

/** The payment of a case, authorised at the simulated Stripe; commercetools' side and Kafka are in memory. */
async function authorised() {
  const paymentIntents = stripePaymentIntents(stripe);
  const outcome = await paymentIntents.create(
    {
      amount: AUTHORISED,
      currency: 'eur',
      capture_method: 'manual',
      automatic_payment_methods: { enabled: true },
      payment_method_options: { card: { request_multicapture: 'if_available' } },
      metadata: { [METADATA.cartId]: 'cart-1' },
    },
    crypto.randomUUID(),
  );
  if (outcome.kind !== 'created') throw new Error('not created');
  const { id } = outcome.paymentIntent;
  account.controls.pay(id);
  const world = new FakeWorld();
  world.putPayment(aPayment({ interfaceId: id }), 'cart-1');
  return { id, world, paymentIntents };
}

/** A process: its calls count, and it may die at one of them. Two requests at once act only after both have read. */
function processOf(
  { world, paymentIntents }: Awaited<ReturnType<typeof authorised>>,
  crash: Wish['crash'],
  beforeActing: () => Promise<void> = async () => {},
) {
  let calls = -1;
  let isDead = false;
  const through = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const isLast = crash && calls === crash.at;
    if (isLast && crash.moment === 'before') isDead = true;
    if (isDead) throw new TransientError('the process is gone');
    const result = await work();
    if (isLast) isDead = true;
    if (isDead) throw new TransientError('the process is gone');
    return result;
  };
  const watched = Object.fromEntries(
    Object.entries(paymentIntents).map(([name, call]) => [
      name,
      (...args: unknown[]) => through(() => (call as (...given: unknown[]) => Promise<unknown>)(...args)),
    ]),
  ) as unknown as PaymentIntents;
  const events = {
    publish: ((type, unique, data) =>
      through(async () => {
        if (type === 'checkout.payment.operation_requested') await beforeActing();
        return world.events.publish(type, unique, data);
      })) as typeof world.events.publish,
  };
  return { payments: world.payments, paymentIntents: watched, events, cardFeatures: { multicapture: true }, log };
}

/** What the simulated Stripe has of the case: captured, and given back by real refunds, in minor units. */
function moved(id: string) {
  const { payment_intents, refunds } = account.controls.state();
  const { amount_received: captured = 0, status = '' } = payment_intents.find((one) => one.id === id) ?? {};
  const refunded = refunds
    .filter(({ payment_intent, is_release }) => payment_intent === id && !is_release)
    .reduce((sum, { amount }) => sum + amount, 0);
  return { captured, refunded, isCanceled: status === 'canceled', status };
}
interface Moved {
  readonly captured: number;
  readonly refunded: number;
  readonly isCanceled: boolean;
}

const difference = (before: Moved, after: Moved): Moved => ({
  captured: after.captured - before.captured,
  refunded: after.refunded - before.refunded,
  isCanceled: after.isCanceled && !before.isCanceled,
});

/** What one operation that was answered so moves; `before` is what a reversal is of. */
function expected({ does, centAmount }: Wish, outcome: OperationOutcome | undefined, before: Moved): Moved {
  const nothing = { captured: 0, refunded: 0, isCanceled: false };
  if (outcome !== 'approved' && outcome !== 'received') return nothing;
  if (does === 'capture') return { ...nothing, captured: centAmount };
  if (does === 'refund') return { ...nothing, refunded: centAmount };
  if (does === 'cancel' || before.captured === 0) return { ...nothing, isCanceled: true };
  return { ...nothing, refunded: before.captured };
}

/** Whether Stripe can do it: then it has to be done, whatever dies on the way. */
function isPossible({ does, centAmount }: Wish, { status, captured, refunded }: Moved & { status: string }): boolean {
  switch (does) {
    case 'capture':
      return status === 'requires_capture' && captured + centAmount <= AUTHORISED;
    case 'refund':
      return refunded + centAmount <= captured;
    case 'cancel':
      return status === 'requires_capture';
    case 'reverse':
      return refunded === 0 && (captured > 0 || status === 'requires_capture');
  }
}

let asked = 0;
let done = 0;

/** Lives one wish and checks that what moved is what was wanted: once, or nothing where it was refused or never answered. */
async function live(payment: Awaited<ReturnType<typeof authorised>>, wanted: Wish): Promise<void> {
  const operation = operationOf(wanted);
  const { reference: merchantReference, crash } = wanted;
  // Whoever cannot know what became of a request repeats it under its key only.
  const idempotencyKey = wanted.hasKey || crash ? crypto.randomUUID() : undefined;
  const request = { paymentId: 'payment-1', operation, merchantReference, idempotencyKey };
  const answerOf = (work: Promise<OperationOutcome>) =>
    work.catch((error: Error & { statusCode?: number }) => {
      if (error instanceof TransientError || error.statusCode === 400) return undefined;
      throw error;
    });
  const ask = (dies?: Wish['crash'], beforeActing?: () => Promise<void>) => {
    asked += 1;
    return answerOf(runOperation(processOf(payment, dies, beforeActing), request));
  };
  const before = moved(payment.id);
  let outcomes: (OperationOutcome | undefined)[];
  if (wanted.twice && !crash) {
    const bothHaveRead = Promise.withResolvers<void>();
    let waiting = 0;
    const together = async () => {
      waiting += 1;
      if (waiting === 2) bothHaveRead.resolve();
      await bothHaveRead.promise;
    };
    const settle = (work: Promise<OperationOutcome | undefined>) =>
      work.finally(() => {
        // One that ends before it acts does not keep the other waiting.
        waiting += 1;
        if (waiting >= 2) bothHaveRead.resolve();
      });
    outcomes = await Promise.all([settle(ask(undefined, together)), settle(ask(undefined, together))]);
  } else {
    outcomes = [await ask(crash)];
  }
  if (idempotencyKey) {
    for (const later of crash ? [SECOND_MS, ...wanted.again] : wanted.again) {
      now += later;
      outcomes.push(await ask());
    }
  }
  const outcome = outcomes.find((one) => one === 'approved' || one === 'received');
  if (outcome) {
    done += 1;
    // Once done it is told so for good; a request that met the other at Stripe may be told to come again.
    const since = outcomes.slice(outcomes.indexOf(outcome));
    expect(since.filter((one) => one !== outcome && one !== undefined)).toEqual([]);
  }
  expect(outcome !== undefined).toBe(isPossible(wanted, before));
  expect(difference(before, moved(payment.id))).toEqual(expected(wanted, outcome, before));
}

it('moves at Stripe what was wanted and never more, whatever is repeated, meets, dies, and is forgotten after a day', async () => {
  let cases = 0;
  const captures = fc.record({
    does: fc.constant('capture' as const),
    centAmount: fc.constantFrom(300, 590),
    reference: fc.constant(undefined),
    hasKey: fc.boolean(),
    twice: fc.boolean(),
    crash: fc.constant(undefined),
    again: fc.constant([]),
  });
  await fc.assert(
    fc.asyncProperty(captures, fc.array(wish, { minLength: 1, maxLength: 8 }), async (first, wishes) => {
      cases += 1;
      account.controls.reset();
      account.controls.configure({ settleDelayMs: null });
      const payment = await authorised();
      let wanted = { captured: 0, refunded: 0 };
      for (const one of [first, ...wishes]) {
        const before = moved(payment.id);
        await live(payment, one);
        const { captured, refunded } = difference(before, moved(payment.id));
        wanted = { captured: wanted.captured + captured, refunded: wanted.refunded + refunded };
        now += SECOND_MS;
      }
      expect(wanted.captured).toBeLessThanOrEqual(AUTHORISED);
      expect(wanted.refunded).toBeLessThanOrEqual(wanted.captured);
      now += DAY_MS;
    }),
    { numRuns: NUM_RUNS, seed: SEED },
  );
  console.info(`${cases} cases, ${asked} requests, ${done} operations done, seed ${SEED}`);
});
