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
 * Looks at the paid payments of a cart as they are now, and does what is asked for where the verdict allows it. What decides a race is at
 * commercetools and Stripe, never here: the cart's version and the order's number (an order), the cart's version and the operation's key (a
 * return). It may be killed between any two calls and run again, here or elsewhere, at the same time too.
 * Throws StaleVersionError and TransientError where it is to be done again from the start.
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
