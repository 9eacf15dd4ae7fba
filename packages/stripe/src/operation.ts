const COLLECTION: Readonly<Record<string, string>> = { GET: 'list', POST: 'create' };
const RESOURCE: Readonly<Record<string, string>> = { GET: 'retrieve', POST: 'update', DELETE: 'delete' };

/**
 * Metric label of a call to Stripe, in the SDK's words: `payment_intents.create`, `payment_intents.capture`,
 * `refunds.list`, `customers.search`. It contains no id, so that there are few labels.
 */
export function operationOf(method: string, url: URL): string {
  const [, resource, id, verb] = url.pathname.split('/').filter(Boolean);
  return `${word(resource)}.${verbOf(method, id, verb)}`;
}

function verbOf(method: string, id: string | undefined, verb: string | undefined): string {
  if (id === undefined) return COLLECTION[method] ?? 'other';
  if (id === 'search') return 'search';
  return verb === undefined ? (RESOURCE[method] ?? 'other') : word(verb);
}

const word = (segment: string | undefined): string => (segment && /^[a-z_]{2,40}$/.test(segment) ? segment : 'other');
