import type { Payment } from '@commercetools/platform-sdk';
import type { Money } from '@connector/payment-model';
import { cartIdInKey, paymentIntentIdOf } from '../domain/payment-names.ts';
import { isPaid, paidSince, type Settled, type UnorderedSummary } from '../domain/unordered.ts';
import { UNORDERED_REASONS, type UnorderedReason } from '../domain/unordered-reasons.ts';
import type { PaidPayments } from './ports-unordered.ts';
import { settleGroup } from './settle-unordered.ts';
import type { Found, SettleDependencies, SettleOptions, UnorderedGroup } from './unordered/work.ts';
import { inParallel, type Retrying, withRetry } from './with-retry.ts';

export interface FindUnorderedDependencies extends SettleDependencies, Retrying {
  paidPayments: PaidPayments;
  onFinding?: (finding: Finding) => void;
  onSettled?: (settled: Settled) => void;
  onFailure?: (what: string, error: unknown) => void;
}

export interface FindUnorderedOptions extends Omit<SettleOptions, 'mayBegin'> {
  /** Nothing is done about a payment until it has been paid for this long, in ms. */
  readonly afterMs: number;
  /** Payments that last changed before this time are not checked. */
  readonly since: Date;
  /** At most this many carts are settled in one run; the rest is reported. */
  readonly limit: number;
}

/** One payment without an order. */
export interface Finding {
  readonly reason: UnorderedReason;
  readonly paymentId: string;
  readonly paymentKey?: string | undefined;
  readonly paymentIntentId?: string | undefined;
  readonly cartId?: string | undefined;
  readonly cartState?: string | undefined;
  readonly amount: Money;
  readonly paidSince: Date;
  /** Code of a refusal. */
  readonly detail?: string | undefined;
}

/** Carts handled at the same time: fast enough, and far below the vendors' limits. */
const AT_ONCE = 8;

const zero = <K extends string>(keys: readonly K[]) =>
  Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;

/**
 * Finds paid carts without an order, and settles them if the mode says so. Payments are read in pages, with one call
 * each for the carts and the orders of a page; only carts without an order are read one by one. Throws TransientError
 * when commercetools cannot be listed at all.
 */
export async function findUnordered(
  deps: FindUnorderedDependencies,
  options: FindUnorderedOptions,
): Promise<UnorderedSummary> {
  const summary: UnorderedSummary = {
    mode: options.mode,
    checked: 0,
    reasons: zero(UNORDERED_REASONS),
    settlements: zero(['order_created', 'returned'] as const),
    failed: 0,
    limited: false,
    complete: false,
  };
  const before = new Date(deps.now().getTime() - options.afterMs);
  let begun = 0;
  const mayBegin = () => {
    const may = begun < options.limit;
    if (may) begun += 1;
    return may;
  };
  const run = { deps, options: { ...options, mayBegin }, summary, done: new Set<string>() };

  const unfinished = await withRetry(deps, () => deps.intentions.open());
  await inParallel(unfinished, AT_ONCE, async (intention) => {
    const payments = intention.payments.map(({ paymentId: id }) => ({ id }) as Payment);
    await handle(run, { cartId: intention.cartId, payments, intention });
  });
  let afterId: string | undefined;
  while (!deps.signal?.aborted) {
    const from = afterId;
    const page = await withRetry(deps, () => deps.paidPayments.page(options.since, before, from));
    if (page.length === 0) break;
    afterId = page.at(-1)?.id;
    const paid = page.filter((payment) => isPaid(payment) && isPaidBefore(payment, before));
    summary.checked += paid.length;
    await inParallel(await groupsOf(deps, paid), AT_ONCE, (group) => handle(run, group));
  }
  summary.complete = summary.failed === 0 && !deps.signal?.aborted;
  return summary;
}

const isPaidBefore = (payment: Payment, before: Date): boolean => {
  const since = paidSince(payment);
  return since !== undefined && since < before;
};

interface Run {
  readonly deps: FindUnorderedDependencies;
  readonly options: SettleOptions;
  readonly summary: UnorderedSummary;
  /** Payments that were handled already. */
  readonly done: Set<string>;
}

/** The payments of a page that no order refers to, by cart. */
async function groupsOf(deps: FindUnorderedDependencies, paid: readonly Payment[]): Promise<UnorderedGroup[]> {
  if (paid.length === 0) return [];
  const orders = await withRetry(deps, () => deps.orders.of(paid.map(({ id }) => id)));
  const ordered = new Set(orders.flatMap(({ paymentIds }) => paymentIds));
  const rest = paid.filter(({ id }) => !ordered.has(id));
  if (rest.length === 0) return [];
  const carts = await withRetry(deps, () => deps.carts.ofPayments(rest.map(({ id }) => id)));
  const cartOf = new Map(carts.flatMap(({ id, payments }) => payments.map((payment) => [payment.id, id] as const)));
  const groups = new Map<string, Payment[]>();
  const alone: UnorderedGroup[] = [];
  for (const payment of rest) {
    const cartId = cartOf.get(payment.id);
    if (cartId) groups.set(cartId, [...(groups.get(cartId) ?? []), payment]);
    else alone.push({ cartId: await cartIdOf(deps, payment), payments: [payment] });
  }
  return [...[...groups].map(([cartId, payments]) => ({ cartId, payments })), ...alone];
}

/** The cart for which a payment on no cart was made, from its key, else from its PaymentIntent's metadata. */
async function cartIdOf(deps: FindUnorderedDependencies, payment: Payment): Promise<string | undefined> {
  const named = cartIdInKey(payment.key);
  const paymentIntentId = paymentIntentIdOf(payment);
  if (named !== undefined || paymentIntentId === undefined) return named;
  return (await withRetry(deps, () => deps.moneyAtStripe(paymentIntentId)))?.cartId;
}

async function handle({ deps, options, summary, done }: Run, group: UnorderedGroup): Promise<void> {
  if (group.payments.every(({ id }) => done.has(id))) return;
  for (const { id } of group.payments) done.add(id);
  try {
    const outcome = await withRetry(deps, () => settleGroup(deps, options, group));
    if (outcome.kind === 'elsewhere') return;
    if (outcome.kind === 'settled') {
      summary.settlements[outcome.settlement] += 1;
      const { settlement, orderNumber } = outcome;
      const paymentIds = group.payments.map(({ id }) => id);
      deps.onSettled?.({ settlement, orderNumber, cartId: group.cartId, paymentIds });
    }
    const left = outcome.kind === 'found' ? outcome : outcome.left;
    if (!left) return;
    if (left.isLimited) summary.limited = true;
    for (const payment of left.payments) {
      done.add(payment.id);
      summary.reasons[left.reason] += 1;
      deps.onFinding?.(findingOf(payment, left, group.cartId));
    }
  } catch (error) {
    // A cart that cannot be checked must not stop the others; the run then counts as incomplete.
    summary.failed += 1;
    deps.onFailure?.(group.cartId ? `cart ${group.cartId}` : `payment ${group.payments[0]?.id}`, error);
  }
}

function findingOf(payment: Payment, { reason, cart, detail }: Found, cartId: string | undefined): Finding {
  const { centAmount, currencyCode, fractionDigits } = payment.amountPlanned;
  return {
    reason,
    paymentId: payment.id,
    paymentKey: payment.key,
    paymentIntentId: paymentIntentIdOf(payment),
    cartId: cart?.id ?? cartId,
    cartState: cart?.cartState,
    amount: { centAmount, currencyCode, fractionDigits },
    paidSince: paidSince(payment) ?? new Date(payment.createdAt),
    detail,
  };
}
