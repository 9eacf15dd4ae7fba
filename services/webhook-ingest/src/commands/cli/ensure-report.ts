import type { Ensured } from '../../use-cases/ensure-webhook-endpoint.ts';

/** The wanted state of the endpoints. */
interface Wanted {
  readonly url: string;
  readonly apiVersion: string;
  readonly anyApiVersion: boolean;
  readonly dryRun: boolean;
}

/** One line for each endpoint and problem, and whether the command fails. */
export function ensureReport(done: readonly Ensured[], wanted: Wanted): { lines: string[]; isFine: boolean } {
  if (done.length === 0) {
    return {
      lines: [`No webhook endpoint posts to ${wanted.url}, so there is nothing to keep up to date; "setup" makes one.`],
      isFine: true,
    };
  }
  // During a rotation, the old endpoint may have an older version, or be disabled already.
  const isFine = done.some(
    ({ endpoint, versionGap, refused }) =>
      endpoint.status === 'enabled' && !refused && (wanted.anyApiVersion || versionGap !== 'breaking'),
  );
  const lines = done.flatMap((each) =>
    [changeLine(each, wanted), ...refusalLines(each, wanted), ...statusLines(each), ...versionLines(each, wanted)].map(
      (line) => `${each.endpoint.id}: ${line}`,
    ),
  );
  return { lines, isFine };
}

function changeLine({ drift, refused }: Ensured, { dryRun }: Wanted): string {
  const changes = [
    drift.url && `posts to ${drift.url} now`,
    drift.events && `has the ${drift.events.length} events of this version`,
  ]
    .filter(Boolean)
    .join(', ');
  if (!changes) return refused ? 'left as it is' : 'up to date';
  return dryRun ? `would change: ${changes}` : changes;
}

const refusalLines = ({ endpoint, refused }: Ensured, { url }: Wanted): string[] =>
  refused
    ? [
        `still posts to ${endpoint.url}, and not to ${url}: ${refused}.`,
        'events sent there would go nowhere. Is the public address right? --force (in the chart hooks.webhookEndpoint.args) changes it all the same.',
      ]
    : [];

const statusLines = ({ endpoint: { status } }: Ensured): string[] =>
  status === 'enabled'
    ? []
    : [`is ${status} at Stripe, so no event arrives; enable it in the Dashboard (Developers, Webhooks)`];

function versionLines({ endpoint, versionGap }: Ensured, { apiVersion, anyApiVersion }: Wanted): string[] {
  const has = endpoint.apiVersion ? `API version ${endpoint.apiVersion}` : "the account's default API version";
  if (versionGap === 'compatible')
    return [`has ${has}; this version is written for ${apiVersion}, which is compatible`];
  if (versionGap === 'none') return [];
  return [
    `has ${has}, and this version is written for ${apiVersion}: events may have another shape.`,
    `Stripe cannot change it. "setup --rotate" makes an endpoint with the right version beside it, "setup --finish-rotation" deletes this one${anyApiVersion ? '' : '; --any-api-version accepts it as it is'}.`,
  ];
}
