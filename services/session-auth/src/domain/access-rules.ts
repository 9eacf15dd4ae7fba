import { ACCESS, type Access } from '@connector/contracts';

interface AccessRule {
  readonly method: string;
  /** Case matters; `:name` stands for one segment. */
  readonly path: string;
  readonly requires: Access;
}

/** Every route that is reachable from outside; all others are refused. */
export const ACCESS_RULES: readonly AccessRule[] = Object.entries(ACCESS).map(([route, requires]) => {
  const [method = '', path = ''] = route.split(' ');
  return { method, path, requires };
});

/**
 * Only segments of unreserved characters. Dot segments, empty segments and percent-encoding could mean another path to
 * the service than to us.
 */
const PLAIN_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~:@!$&'()*+,=-]+)+$/;

/** The rule for a request's method and path (without query); undefined when there is none. */
export function ruleFor(method: string, path: string): AccessRule | undefined {
  if (!PLAIN_PATH.test(path)) return undefined;
  const asked = method === 'HEAD' ? 'GET' : method;
  const segments = path.split('/');
  return ACCESS_RULES.find((rule) => rule.method === asked && matches(rule.path.split('/'), segments));
}

const matches = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length && pattern.every((part, n) => part.startsWith(':') || part === segments[n]);
