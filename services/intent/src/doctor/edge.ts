import { lookup } from 'node:dns/promises';
import { postSignedProbe, webhookUrl } from '@connector/stripe';
import { type Check, type Finding, fail, ok, unknown, warn } from './checkup.ts';
import type { EdgeSide } from './config.ts';

type Fetch = typeof globalThis.fetch;

/** Checks of what reaches the connector from outside, made from here. `fetch` uses no browser proxy. */
export function edgeChecks(side: EdgeSide, { fetch = globalThis.fetch }: { fetch?: Fetch } = {}): Check[] {
  const { CONNECT_SERVICE_URL: publicUrl, STRIPE_WEBHOOK_SIGNING_SECRET: secrets } = side;
  return [
    ...(publicUrl
      ? publicChecks(publicUrl, secrets, side.ALLOWED_ORIGINS, fetch)
      : [{ name: 'public address', run: async () => unknown('public address', 'CONNECT_SERVICE_URL is not set') }]),
    ...side.ALLOWED_ORIGINS.map((origin) =>
      resolves(`origin ${origin}`, origin, 'No page of that origin can exist: is ALLOWED_ORIGINS right?'),
    ),
    resolves(
      'return URL',
      side.MERCHANT_RETURN_URL,
      'Shoppers return there after a redirect: is MERCHANT_RETURN_URL right?',
    ),
  ];
}

/** The same before the connector is installed: its public name must be in DNS, unless `unresolvedOk`. */
export function edgeBefore(side: EdgeSide, { unresolvedOk }: { unresolvedOk: boolean }): Check[] {
  const others = edgeChecks({ ...side, CONNECT_SERVICE_URL: undefined }).filter(
    ({ name }) => name !== 'public address',
  );
  if (!side.CONNECT_SERVICE_URL) return others;
  const todo =
    'Is publicUrl right? Stripe posts its webhooks there. --unresolved-ok (preflight.args) lets it pass where the name appears with the release.';
  const inDns = resolves('public address', side.CONNECT_SERVICE_URL, todo);
  const run = async (): Promise<Finding> => {
    const finding = (await inDns.run()) as Finding;
    return finding.result === 'warn' && !unresolvedOk ? { ...finding, result: 'fail' } : finding;
  };
  return [{ name: inDns.name, run }, ...others];
}

const LIMIT_MS = 10_000;
const NOT_LET_IN = 'answers 403: STRIPE_WEBHOOK_ALLOWED_IPS lets no other address in';

const publicChecks = (
  publicUrl: string,
  secrets: readonly string[],
  [origin = '']: readonly string[],
  fetch: Fetch,
) => {
  const url = webhookUrl(publicUrl);
  return [
    { name: 'public address', run: () => addressFindings(url, fetch) },
    { name: 'webhook signature', run: () => signatureFinding(url, secrets) },
    { name: 'CORS', run: () => corsFinding(publicUrl, origin, fetch) },
  ];
};

/** Checks that webhook-ingest answers at the public address: it refuses a badly signed webhook. */
async function addressFindings(url: string, fetch: Fetch): Promise<Finding[]> {
  const name = 'public address';
  const { hostname, protocol } = new URL(url);
  let status: number;
  try {
    status = await statusOfBadlySigned(url, fetch);
  } catch (error) {
    return [
      warn(
        name,
        `${url} cannot be reached from here: ${reasonOf(error)}`,
        'It may still work from outside, if the cluster cannot reach its own gateway. Otherwise check DNS, gateway or ingress, certificate.',
      ),
    ];
  }
  const answered = (): Finding => {
    if (status === 400) return ok(name, `${hostname} answers; a badly signed webhook is refused`);
    if (status === 403) return unknown(name, NOT_LET_IN);
    return fail(
      name,
      `a badly signed webhook was answered ${status} instead of 400`,
      'Something else answers there: route /stripe/webhooks to webhook-ingest, unchanged.',
    );
  };
  if (protocol === 'https:') return [answered()];
  return [
    answered(),
    warn('TLS', 'the public address is not https', 'Stripe takes only https in live mode, and browsers for wallets.'),
  ];
}

async function statusOfBadlySigned(url: string, fetch: Fetch): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=00' },
    body: '{}',
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  await answer.body?.cancel();
  return answer.status;
}

/** Checks that the running pods know every signing secret that we know. */
async function signatureFinding(url: string, secrets: readonly string[]): Promise<Finding> {
  const name = 'webhook signature';
  const statuses: number[] = [];
  try {
    for (const secret of secrets) statuses.push(await postSignedProbe(url, secret));
  } catch (error) {
    return unknown(name, reasonOf(error));
  }
  if (statuses.length === 0) return unknown(name, 'there is no signing secret');
  const refused = statuses.find((status) => status !== 200);
  if (refused === undefined) return ok(name, 'the running pods take what is signed with our secret');
  if (refused === 403) return unknown(name, NOT_LET_IN);
  return fail(
    name,
    `signed with our secret, answered ${refused}`,
    'The pods have another secret (wait two minutes after a change), or a proxy changes the body.',
  );
}

/** Checks that a page of the shop may call intent from a browser. */
async function corsFinding(publicUrl: string, origin: string, fetch: Fetch): Promise<Finding> {
  const name = 'CORS';
  try {
    const answer = await fetch(new URL('/payments', publicUrl), {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-session-id',
      },
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    await answer.body?.cancel();
    if (answer.headers.get('access-control-allow-origin') === origin) return ok(name, `pages of ${origin} may call`);
    return fail(
      name,
      `pages of ${origin} are not let in (answer ${answer.status})`,
      'The gateway must pass OPTIONS on to intent unchanged; ALLOWED_ORIGINS of the running pods may differ.',
    );
  } catch (error) {
    return unknown(name, reasonOf(error));
  }
}

const resolves = (name: string, url: string, todo: string): Check => ({
  name,
  run: async () => {
    const { hostname, protocol } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    // An app's own scheme, and hosts that only the shopper's machine knows.
    if (!protocol.startsWith('http') || host === 'localhost' || host.endsWith('.localhost'))
      return ok(name, "on the shopper's side");
    try {
      await lookup(host);
      return ok(name, 'its host is in DNS');
    } catch (error) {
      return warn(name, `${host} is not in DNS here (${(error as NodeJS.ErrnoException).code})`, todo);
    }
  },
});

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? (error instanceof Error ? error.name : 'no answer');
}
