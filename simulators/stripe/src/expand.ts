import { invalidParameter } from './errors.ts';
import type { Simulation } from './simulation.ts';

type Node = Record<string, unknown>;

const MAX_DEPTH = 4;
/** Names that are links, whether they hold one or nothing; what is nested in an object has none but those that hold an id. */
const LINKS = new Set(
  'application application_fee balance_transaction charge customer default_source destination failure_balance_transaction latest_charge on_behalf_of original_payout payment_intent payment_method reversed_by review source source_transfer source_transfer_reversal test_clock transfer transfer_reversal'.split(
    ' ',
  ),
);

/** `answer` with the links named by `expand[]` replaced by their objects; the stored objects stay as they are. */
export function expand(simulation: Simulation, answer: object, paths: readonly string[]): object {
  let expanded = answer as Node;
  for (const path of paths) {
    const parts = path.split('.');
    if (parts.length > MAX_DEPTH) {
      const message = `You cannot expand more than ${MAX_DEPTH} levels of a property. Property: ${path}`;
      throw invalidParameter('expand', message);
    }
    expanded = follow(simulation, expanded, parts, path);
  }
  return expanded;
}

function follow(simulation: Simulation, node: Node, parts: readonly string[], path: string): Node {
  const [head, ...rest] = parts;
  if (head === undefined) return node;
  if (head === 'data' && Array.isArray(node.data) && rest.length > 0) {
    return { ...node, data: node.data.map((item: Node) => follow(simulation, item, rest, path)) };
  }
  const value = node[head];
  if (node.object === 'charge' && head === 'refunds') {
    const refunds = [...(simulation.state.refundsOf.get(String(node.id)) ?? [])].reverse();
    const list = {
      object: 'list',
      data: refunds.slice(0, 10),
      has_more: refunds.length > 10,
      url: `/v1/charges/${node.id}/refunds`,
    };
    return { ...node, refunds: follow(simulation, list, rest, path) };
  }
  if (value === undefined || (rest.length === 0 && !LINKS.has(head))) {
    throw invalidParameter('expand', `This property cannot be expanded (${path}).`);
  }
  if (value === null) return node;
  if (typeof value === 'string') {
    const found = resolve(simulation, value);
    if (!found) throw invalidParameter('expand', `This property cannot be expanded (${path}).`);
    return { ...node, [head]: follow(simulation, found, rest, path) };
  }
  if (Array.isArray(value)) return { ...node, [head]: value.map((item: Node) => follow(simulation, item, rest, path)) };
  return { ...node, [head]: follow(simulation, value as Node, rest, path) };
}

function resolve({ state }: Simulation, id: string): Node | undefined {
  const prefix = id.slice(0, id.indexOf('_'));
  const found =
    prefix === 'pi'
      ? state.paymentIntents.get(id)
      : prefix === 'ch' || prefix === 'py'
        ? state.charges.get(id)
        : prefix === 're' || prefix === 'pyr'
          ? state.refunds.get(id)
          : prefix === 'cus'
            ? (state.customers.get(id) ??
              (state.deletedCustomers.has(id) ? { id, object: 'customer', deleted: true } : undefined))
            : prefix === 'pm'
              ? state.paymentMethods.get(id)
              : prefix === 'txn'
                ? state.balanceTransactions.get(id)
                : state.disputes.get(id);
  return found as unknown as Node | undefined;
}
