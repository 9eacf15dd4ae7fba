const VERBS: Readonly<Record<string, readonly [onCollection: string, onResource: string]>> = {
  GET: ['query', 'get'],
  HEAD: ['exists', 'exists'],
  POST: ['create', 'update'],
  DELETE: ['delete', 'delete'],
};

/**
 * Metric label of a call to commercetools: `payments.get`, `payments.update`, `payments.query`, `carts.create`,
 * `sessions.get`, `oauth.token`. It contains no id and no key, so that there are few labels.
 */
export function operationOf(method: string, url: URL): string {
  const [first, ...rest] = url.pathname.split('/').filter(Boolean);
  if (first === 'oauth') return `oauth.${word(rest[0])}`;
  if (url.pathname.endsWith('/jwks.json')) return 'jwks.get';
  const inStore = rest[0] === 'in-store' || rest[0] === 'as-associate' ? rest.slice(2) : rest;
  const [resource, id] = inStore;
  if (!resource) return `project.${VERBS[method]?.[1] ?? 'other'}`;
  const verb = VERBS[method]?.[id === undefined ? 0 : 1] ?? 'other';
  return `${word(resource)}.${verb}`;
}

const word = (segment: string | undefined): string => (segment && /^[a-z-]{2,40}$/.test(segment) ? segment : 'other');
