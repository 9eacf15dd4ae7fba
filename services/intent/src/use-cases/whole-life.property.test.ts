import { InvalidRequestError, NotFoundError, TransientError } from '@connector/errors';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { statusOf } from '../domain/attempts.ts';
import { euro } from '../testing/builders.ts';
import {
  ACT,
  type Act,
  type ActOf,
  aShop,
  EUR,
  FAULT,
  holding,
  operationOf,
  type Pod,
  record,
  scheduledGate,
} from '../testing/whole-life.ts';
import { confirmPayment } from './confirm-payment.ts';
import { openCheckout } from './open-checkout.ts';
import { runOperation } from './run-operation.ts';
import { runTransaction } from './run-transaction.ts';

const NUM_RUNS = Number(process.env.LIFE_CASES ?? 100);
// The same lives in each run of the suite; LIFE_SEED and LIFE_CASES look for more.
const SEED = Number(process.env.LIFE_SEED ?? 20_261_127);
const DAY_MS = 25 * 60 * 60 * 1000;
const ITEM = '0b54d1f2-6a6e-4a43-9d5b-1f2e3d4c5b6a';
const session = { cartId: 'cart-1' };

/** What callers may be told; anything else is a mistake of ours. */
const isAllowed = (error: unknown): boolean =>
  [TransientError, NotFoundError, InvalidRequestError].some((kind) => error instanceof kind);

/** One operation, as its caller identifies it. */
interface Asked {
  readonly what: string;
  readonly amount: number;
  readonly paymentId: string;
}

/** One cart's life: what happens, and what is wrong with it at any moment. */
class Life {
  readonly shop: ReturnType<typeof aShop>;
  /** PaymentIntents that held money, at each step. */
  readonly #held: Set<string>[] = [new Set()];
  /** What each PaymentIntent held at first: an authorisation that is raised later is the merchant's doing. */
  readonly #taken = new Map<string, number>();
  readonly #given = new Set<string>();
  readonly #done = new Map<string, Asked & { readonly outcome: string }>();
  readonly #unknown = new Map<string, Asked>();
  #dearest = 1190;

  constructor(captureMethod: 'automatic' | 'manual') {
    this.shop = aShop(captureMethod);
  }

  /** Never is more taken for the cart than it ever cost. */
  readonly look = (): void => {
    const held = holding(this.shop.world);
    for (const { id, amount } of held) if (!this.#taken.has(id)) this.#taken.set(id, amount);
    const taken = held.reduce((sum, { id }) => sum + (this.#taken.get(id) ?? 0), 0);
    expect(taken, 'taken for the cart').toBeLessThanOrEqual(this.#dearest);
    this.#held.push(new Set(held.map(({ id }) => id)));
  };

  async act(pod: Pod, act: Act): Promise<void> {
    switch (act.does) {
      case 'shop':
        return this.#buy(pod, act);
      case 'transact':
        return this.#transact(pod, act);
      case 'operate':
        await Promise.all(Array.from({ length: act.times }, () => this.#operate(pod, act)));
        return;
      case 'reprice':
        this.#dearest = Math.max(this.#dearest, act.to);
        return this.shop.world.setTotal('cart-1', euro(act.to));
      case 'record':
        return record(this.shop.world);
    }
  }

  async open(pod: Pod) {
    const requestId = crypto.randomUUID();
    const opened = await openCheckout(pod, { session, express: false, expressCustomerSession: false, requestId });
    if (opened.kind === 'opened') this.#given.add(opened.paymentIntentId);
    return opened;
  }

  /** Nobody is told of money that was not held at any moment since `step`. */
  #expectHeld(paymentIntentId: string, step: number, told: string): void {
    this.look();
    const wasHeld = this.#held.slice(step).some((held) => held.has(paymentIntentId));
    expect(wasHeld, `money of which was told ${told}`).toBe(true);
  }

  async #buy(pod: Pod, { pays, confirms }: ActOf<'shop'>): Promise<void> {
    const opened = await this.open(pod);
    if (opened.kind !== 'opened') return;
    const { paymentIntentId, paymentReference: paymentId } = opened;
    const payment_method = pays === 'yes' ? 'pm_shopper' : 'pm_card_visa_chargeDeclined';
    // What the page is told does not matter to us.
    if (pays !== 'no')
      await pod.paymentIntents.confirm(paymentIntentId, { payment_method }, crypto.randomUUID()).catch(() => {});
    for (let confirm = 0; confirm < confirms; confirm += 1) {
      const step = this.#held.length - 1;
      const { kind } = await confirmPayment(pod, { session, paymentId, paymentIntentId });
      if (kind !== 'rejected') this.#expectHeld(paymentIntentId, step, kind);
    }
  }

  async #transact(pod: Pod, { key: idempotencyKey, amount }: ActOf<'transact'>): Promise<void> {
    const step = this.#held.length - 1;
    const request = { cartId: 'cart-1', checkoutTransactionItemId: ITEM, paymentMethodId: 'method-1', idempotencyKey };
    const { state, paymentId } = await runTransaction(pod, { ...request, ...(amount && { amount: EUR(amount) }) });
    const { interfaceId = '' } = this.shop.world.commercetools.payment(paymentId);
    if (state !== 'Failed') this.#expectHeld(interfaceId, step, state);
  }

  /** A payment that is not tied yet may get another PaymentIntent than the one that is found by its key. */
  async #operate(pod: Pod, act: ActOf<'operate'>): Promise<void> {
    const payments = [...this.shop.world.commercetools.stored.values()].filter(({ interfaceId }) => interfaceId);
    const paymentId = payments[act.which % Math.max(1, payments.length)]?.id;
    if (!paymentId) return;
    const { what, amount } = act;
    const idempotencyKey = `${what}-${amount}-${act.key}`;
    const asked = { what, amount, paymentId };
    const id = `${paymentId} ${idempotencyKey}`;
    try {
      const outcome = await runOperation(pod, { paymentId, operation: operationOf(act), idempotencyKey });
      if (outcome !== 'rejected') this.#done.set(id, { ...asked, outcome });
      // A cancelation that meets another is told either: the payment is canceled.
      else if (what !== 'cancel' && what !== 'reverse') expect(this.#done.get(id), 'done before').toBeUndefined();
    } catch (error) {
      if (!isAllowed(error)) throw error;
      if (error instanceof TransientError) this.#unknown.set(id, asked);
    }
  }

  /** Of each payment: what was told has happened, and nothing but that, or what nobody was told of. */
  expectAsTold(): void {
    const { world } = this.shop;
    for (const [paymentId, { interfaceId }] of world.commercetools.stored) {
      const paymentIntent = world.intents.get(interfaceId ?? '');
      if (!paymentIntent) continue;
      const { id, amount, amount_received: received, capture_method, status } = paymentIntent;
      const mine = (asked: ReadonlyMap<string, Asked>, what: string) =>
        [...asked].filter(([, one]) => one.paymentId === paymentId && one.what === what);
      const done = (what: string) => mine(this.#done, what).map(([, one]) => one.amount);
      const maybe = (what: string) =>
        mine(this.#unknown, what).flatMap(([key, one]) => (this.#done.has(key) ? [] : [one.amount]));
      const sum = (amounts: readonly number[]) => amounts.reduce((all, one) => all + one, 0);
      if (capture_method === 'manual') {
        expect(received, 'captured').toBeGreaterThanOrEqual(sum(done('capture')));
        expect(received, 'captured').toBeLessThanOrEqual(sum(done('capture')) + sum(maybe('capture')));
      }
      const refunds = [...world.stripe.refunds.values()].filter(({ payment_intent }) => payment_intent === id).length;
      const most = ['refund', 'reverse'].flatMap((what) => [...done(what), ...maybe(what)]).length;
      expect(refunds, 'refunds').toBeGreaterThanOrEqual(done('refund').length);
      expect(refunds, 'refunds').toBeLessThanOrEqual(most);
      if (done('cancel').length > 0) expect(status, 'canceled').toBe('canceled');
      expect(amount, 'raised').toBeGreaterThanOrEqual(Math.max(0, ...done('increment')));
    }
  }

  /** Whatever happened, what is missing to the cart's price can be paid, by one PaymentIntent; else nothing can. */
  async expectPayable(): Promise<void> {
    const { world, pod } = this.shop;
    const last = await this.open(pod());
    await world.settled();
    const price = world.commercetools.carts.get('cart-1')?.totalPrice.centAmount ?? 0;
    const paid = holding(world).reduce((sum, one) => sum + Math.max(one.amount, one.amount_received), 0);
    const waiting = [...world.intents.values()].filter((one) => statusOf(one) === 'waiting' && this.#given.has(one.id));
    expect(waiting.map(({ amount }) => amount)).toEqual(paid >= price ? [] : [price - paid]);
    expect(last.kind).toBe(paid >= price ? 'paid' : 'opened');
  }
}

/** Requests of one moment are concurrent; a process lives for none of the time between two. */
const moment = fc.record({
  actors: fc.array(fc.array(ACT, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
  after: fc.constantFrom(1_000, 100_000, DAY_MS),
});

it('takes no cart’s price twice and tells nobody of what is not so, whatever shoppers, merchants and Checkout do at once and whatever fails', async () => {
  const captureMethod = fc.constantFrom('automatic' as const, 'manual' as const);
  const moments = fc.array(moment, { minLength: 1, maxLength: 3 });
  const faults = fc.array(FAULT, { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), captureMethod, moments, faults, async (scheduler, captures, lived, failing) => {
      const life = new Life(captures);
      const { world, pod } = life.shop;
      const actor = async (acts: readonly Act[]) => {
        const own = pod();
        for (const act of acts) {
          await scheduler.schedule(Promise.resolve(), act.does);
          await life.act(own, act).catch((error: unknown) => {
            if (!isAllowed(error)) throw error;
          });
        }
      };
      world.gate = scheduledGate(scheduler, failing, life.look);
      for (const { actors, after } of lived) {
        await scheduler.waitFor(Promise.all(actors.map(actor)));
        await scheduler.waitFor(world.settled());
        world.now += after;
      }
      world.gate = async () => life.look();
      record(world);
      world.now += DAY_MS;
      life.expectAsTold();
      await life.expectPayable();
    }),
    { numRuns: NUM_RUNS, seed: SEED },
  );
  // Hundreds of lives take longer than a test may by default on a busy machine.
}, 120_000);
