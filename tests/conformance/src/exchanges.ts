import type { RelayedCall } from '@connector/e2e-tests/relay';
import { commercetoolsHeaders, type readCommercetoolsDescription } from './commercetools-description.ts';
import type { StripeDescription } from './stripe-description.ts';

/** One way in which what was said differs from what is described. */
export interface Difference {
  /** `stripe request POST /v1/refunds: amount: must be integer`: the same for every exchange that shows it. */
  readonly rule: string;
  /** The first exchange that shows it. */
  readonly example: string;
}

type CommercetoolsDescription = ReturnType<typeof readCommercetoolsDescription>;

/** Stripe's API version of every request, its idempotency key on each POST, the call's parameters, and the answer. */
export function stripeDifferences(description: StripeDescription, call: RelayedCall, apiVersion: string): string[] {
  const { method, path, headers, body, status, answer } = call;
  const [pathname = '', query = ''] = path.split('?');
  const described = description.callOf(method, pathname);
  if (!described) return [`stripe request ${method} ${pathname}: is not described`];
  const key = String(headers['idempotency-key'] ?? '');
  const wrongHeaders = [
    ...(headers['stripe-version'] === apiVersion ? [] : ['stripe-version: is not the pinned one']),
    ...(method === 'POST' && key === '' ? ['idempotency-key: is missing'] : []),
    ...(key.length > 255 ? ['idempotency-key: is longer than 255'] : []),
  ];
  const said = method === 'POST' ? body : query;
  // Simulated faults are no answers of Stripe's.
  const answered = status < 500 && isJson(answer) ? described.answer(status, JSON.parse(answer)) : [];
  return [
    ...[...wrongHeaders, ...(status < 400 ? described.request(said) : [])].map(
      (wrong) => `stripe request ${described.name}: ${wrong}`,
    ),
    ...answered.map((wrong) => `stripe answer ${described.name} ${status}: ${wrong}`),
  ];
}

export function commercetoolsDifferences(
  description: CommercetoolsDescription,
  call: RelayedCall,
  projectKey: string,
): string[] {
  const { method, path, headers, body, status, answer } = call;
  const [pathname = '', query = ''] = path.split('?');
  const below = pathname.startsWith(`/${projectKey}/`) ? pathname.slice(projectKey.length + 2) : pathname;
  const described = description.callOf(method, below);
  if (!described) return [`commercetools request ${method} ${below}: is not described`];
  const answered = status < 500 && isJson(answer) ? described.answer(status, JSON.parse(answer)) : [];
  return [
    ...commercetoolsHeaders(described, headers).map((wrong) => `commercetools request ${described.name}: ${wrong}`),
    ...(status < 400 || method === 'GET' ? described.request(body, new URLSearchParams(query)) : []).map(
      (wrong) => `commercetools request ${described.name}: ${wrong}`,
    ),
    ...answered.map((wrong) => `commercetools answer ${described.name} ${status}: ${wrong}`),
  ];
}

function isJson(text: string): boolean {
  return text.startsWith('{');
}

/** Each rule once, with its first example, in alphabetical order. */
export function collect(found: Iterable<{ rules: readonly string[]; example: string }>): Difference[] {
  const examples = new Map<string, string>();
  for (const { rules, example } of found)
    for (const rule of rules) if (!examples.has(rule)) examples.set(rule, example);
  return [...examples].map(([rule, example]) => ({ rule, example })).sort((a, b) => a.rule.localeCompare(b.rule));
}
