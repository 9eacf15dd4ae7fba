import type { Ensured } from '../../use-cases/ensure-webhook-endpoint.ts';

/** One line for each endpoint and problem, and whether the command fails. */
export function ensureReport(
  done: readonly Ensured[],
  {
    url,
    apiVersion,
    anyApiVersion,
    dryRun,
  }: { url: string; apiVersion: string; anyApiVersion: boolean; dryRun: boolean },
): { lines: string[]; isFine: boolean } {
  if (done.length === 0) {
    return {
      lines: [`No webhook endpoint posts to ${url}, so there is nothing to keep up to date; "setup" makes one.`],
      isFine: true,
    };
  }
  const lines = done.flatMap(({ endpoint, drift, versionGap, refused }) => {
    const { id, status, apiVersion: actual } = endpoint;
    const changes = [
      drift.url && `posts to ${url} now`,
      drift.events && `has the ${drift.events.length} events of this version`,
    ];
    const told = changes.filter(Boolean).join(', ') || (refused ? 'left as it is' : 'up to date');
    const isChange = changes.some(Boolean);
    const has = actual ? `API version ${actual}` : "the account's default API version";
    return [
      `${id}: ${dryRun && isChange ? `would change: ${told}` : told}`,
      ...(refused
        ? [
            `${id}: still posts to ${endpoint.url}, and not to ${url}: ${refused}.`,
            `${id}: events sent there would go nowhere. Is the public address right? --force (in the chart hooks.webhookEndpoint.args) changes it all the same.`,
          ]
        : []),
      ...(status === 'enabled'
        ? []
        : [`${id}: is ${status} at Stripe, so no event arrives; enable it in the Dashboard (Developers, Webhooks)`]),
      ...(versionGap === 'compatible'
        ? [`${id}: has ${has}; this version is written for ${apiVersion}, which is compatible`]
        : []),
      ...(versionGap === 'breaking'
        ? [
            `${id}: has ${has}, and this version is written for ${apiVersion}: events may have another shape.`,
            `${id}: Stripe cannot change it. "setup --rotate" makes an endpoint with the right version beside it, "setup --finish-rotation" deletes this one${anyApiVersion ? '' : '; --any-api-version accepts it as it is'}.`,
          ]
        : []),
    ];
  });
  // While a secret is rotated, the endpoint about to go may be of an older version, or disabled already.
  const isFine = done.some(
    ({ endpoint, versionGap, refused }) =>
      endpoint.status === 'enabled' && !refused && (anyApiVersion || versionGap !== 'breaking'),
  );
  return { lines, isFine };
}
