import { lookup } from 'node:dns/promises';
import { postSignedProbe, webhookUrl } from '@connector/stripe';
import { type Check, type Finding, fail, ok, unknown, warn } from './checkup.ts';
import type { EdgeSide } from './config.ts';

/** What reaches the connector from outside, tried from here. `fetch` follows no proxy of a browser's. */
export function edgeChecks(
  side: EdgeSide,
  { fetch = globalThis.fetch }: { fetch?: typeof globalThis.fetch } = {},
): Check[] {
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

/** The same before the connector is there: its public name has to be in DNS, unless `unresolvedOk`. */
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

function publicChecks(
  publicUrl: string,
  secrets: readonly string[],
  origins: readonly string[],
  fetch: typeof globalThis.fetch,
): Check[] {
  const url = webhookUrl(publicUrl);
  const { hostname, protocol } = new URL(url);
  const todo =
    'From outside it may work all the same, where the cluster does not reach its own gateway. Else: DNS, gateway or ingress, certificate.';
  const post = (headers: Record<string, string>) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
      signal: AbortSignal.timeout(10_000),
    });
  return [
    {
      name: 'public address',
      run: async () => {
        let status: number;
        try {
          const answer = await post({ 'stripe-signature': 't=1,v1=00' });
          await answer.body?.cancel();
          status = answer.status;
        } catch (error) {
          return warn('public address', `${url} cannot be reached from here: ${reasonOf(error)}`, todo);
        }
        const certificate: Finding[] =
          protocol === 'https:'
            ? []
            : [
                warn(
                  'TLS',
                  'the public address is not https',
                  'Stripe takes only https in live mode, and browsers for wallets.',
                ),
              ];
        if (status === 400)
          return [ok('public address', `${hostname} answers; a badly signed webhook is refused`), ...certificate];
        if (status === 403)
          return [
            unknown('public address', 'answers 403: STRIPE_WEBHOOK_ALLOWED_IPS lets no other address in'),
            ...certificate,
          ];
        return [
          fail(
            'public address',
            `a badly signed webhook was answered ${status} instead of 400`,
            'Something else answers there: route /stripe/webhooks to webhook-ingest, unchanged.',
          ),
          ...certificate,
        ];
      },
    },
    {
      name: 'webhook signature',
      run: async () => {
        const statuses: number[] = [];
        try {
          for (const secret of secrets) statuses.push(await postSignedProbe(url, secret));
        } catch (error) {
          return unknown('webhook signature', reasonOf(error));
        }
        const refused = statuses.filter((status) => status !== 200);
        if (statuses.length === 0) return unknown('webhook signature', 'there is no signing secret');
        if (refused.length === 0)
          return ok('webhook signature', 'the running pods take what is signed with our secret');
        if (refused[0] === 403)
          return unknown('webhook signature', 'answers 403: STRIPE_WEBHOOK_ALLOWED_IPS lets no other address in');
        return fail(
          'webhook signature',
          `signed with our secret, answered ${refused[0]}`,
          'The pods have another secret (wait two minutes after a change), or a proxy changes the body.',
        );
      },
    },
    {
      name: 'CORS',
      run: async () => {
        const [origin = ''] = origins;
        try {
          const answer = await fetch(new URL('/payments', publicUrl), {
            method: 'OPTIONS',
            headers: {
              origin,
              'access-control-request-method': 'GET',
              'access-control-request-headers': 'x-session-id',
            },
            signal: AbortSignal.timeout(10_000),
          });
          await answer.body?.cancel();
          if (answer.headers.get('access-control-allow-origin') === origin)
            return ok('CORS', `pages of ${origin} may call`);
          return fail(
            'CORS',
            `pages of ${origin} are not let in (answer ${answer.status})`,
            'The gateway must pass OPTIONS on to intent unchanged; ALLOWED_ORIGINS of the running pods may differ.',
          );
        } catch (error) {
          return unknown('CORS', reasonOf(error));
        }
      },
    },
  ];
}

const resolves = (name: string, url: string, todo: string): Check => ({
  name,
  run: async () => {
    const { hostname, protocol } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    // An app's own scheme, and what only the shopper's machine knows.
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
