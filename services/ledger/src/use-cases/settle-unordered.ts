import { verdictOf } from '../domain/unordered.ts';
import { giveBack, goOnReturning, isReturnable } from './unordered/give-back.ts';
import { begin, end, intentionOf } from './unordered/intention.ts';
import { look } from './unordered/look.ts';
import { afterOrder, order } from './unordered/make-order.ts';
import {
  found,
  type GroupOutcome,
  type SettleDependencies,
  type SettleOptions,
  type UnorderedGroup,
} from './unordered/work.ts';

/**
 * Reads the paid payments of a cart, and makes the order or returns the money if the verdict allows it. Races are
 * decided only at commercetools and Stripe: for an order by the cart's version and the order number, for a return by
 * the cart's version and the operation's key. It may be killed between any two calls and run again, also elsewhere at
 * the same time. Throws StaleVersionError and TransientError when it must be repeated from the start.
 */
export async function settleGroup(
  deps: SettleDependencies,
  options: SettleOptions,
  group: UnorderedGroup,
): Promise<GroupOutcome> {
  const snapshot = await look(deps, group);
  const verdict = verdictOf(snapshot);
  const work = { deps, options, group, snapshot };
  const { intention } = group;
  if (intention?.settlement === 'return') return goOnReturning(work, intention, verdict);
  if (intention && verdict.kind === 'ordered') return afterOrder(work, intention, verdict.order);
  if (verdict.kind === 'unordered' && verdict.reason === 'ready' && options.mode === 'create') {
    return order(work, verdict.paymentState);
  }
  if (intention) await end(work, intention);
  if (verdict.kind !== 'unordered') return { kind: 'elsewhere' };
  if (options.mode !== 'return' || !isReturnable(work, verdict)) return found(work, verdict.reason);
  if (!options.mayBegin()) return found(work, verdict.reason, { isLimited: true });
  return giveBack(work, await begin(work, intentionOf(work, 'return')));
}
