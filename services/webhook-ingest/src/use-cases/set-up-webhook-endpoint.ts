import type { WebhookEndpoints } from '@connector/stripe';
import {
  driftOf,
  endpointDraft,
  endpointElsewhere,
  endpointsAt,
  versionGap,
  type WebhookEndpoint,
} from '@connector/stripe';

export interface SetUpDeps {
  readonly endpoints: WebhookEndpoints;
  /** The address to which Stripe should post. */
  readonly url: string;
  readonly projectKey?: string | undefined;
  /** The API version of our code. */
  readonly apiVersion: string;
  /** The signing secrets in use, the current one first; empty when they are unknown. */
  readonly knownSecrets: readonly string[];
  /** Posts a harmless event signed with `secret` to the service and resolves to the status; see `postSignedProbe`. */
  readonly probe: (secret: string) => Promise<number>;
  /** Read only, change nothing. */
  readonly dryRun: boolean;
}

/** What was done, with the secrets to apply, the current one first; or why nothing was done. */
export type SetUpOutcome =
  | {
      readonly kind: 'created' | 'rotating' | 'finished' | 'aborted';
      readonly endpoint: WebhookEndpoint;
      readonly secrets: readonly string[];
    }
  | { readonly kind: 'would-create' | 'would-remove'; readonly endpointIds: readonly string[] }
  | {
      readonly kind: 'exists';
      readonly endpoint: WebhookEndpoint;
      readonly isUpToDate: boolean;
      readonly secrets: readonly string[];
    }
  | { readonly kind: 'elsewhere'; readonly endpoint: WebhookEndpoint }
  | { readonly kind: 'under-way'; readonly endpointIds: readonly string[] }
  | { readonly kind: 'not-under-way' }
  | { readonly kind: 'not-accepted'; readonly status: number | undefined };

/** Creates the project's webhook endpoint unless one exists. Throws what `endpoints` throws. */
export async function setUp(deps: SetUpDeps): Promise<SetUpOutcome> {
  const all = await deps.endpoints.list();
  const [endpoint] = endpointsAt(deps.url, all);
  if (endpoint) {
    const isUpToDate =
      Object.keys(driftOf(endpoint, deps.url)).length === 0 &&
      versionGap(endpoint.apiVersion, deps.apiVersion) === 'none';
    return { kind: 'exists', endpoint, isUpToDate, secrets: deps.knownSecrets };
  }
  const elsewhere = endpointElsewhere(deps.url, deps.projectKey, all);
  if (elsewhere) return { kind: 'elsewhere', endpoint: elsewhere };
  if (deps.dryRun) return { kind: 'would-create', endpointIds: [] };
  const { endpoint: created, secret } = await create(deps);
  return { kind: 'created', endpoint: created, secrets: [secret] };
}

/**
 * Begins a rotation by creating a second endpoint with a secret of its own. From then on Stripe delivers every event to
 * both, so no event depends on when the pods get the new secret. Throws what `endpoints` throws.
 */
export async function beginRotation(deps: SetUpDeps): Promise<SetUpOutcome> {
  const existing = endpointsAt(deps.url, await deps.endpoints.list());
  if (existing.length > 1) return { kind: 'under-way', endpointIds: existing.map(({ id }) => id) };
  if (deps.dryRun) return { kind: 'would-create', endpointIds: existing.map(({ id }) => id) };
  const { endpoint, secret } = await create(deps);
  return { kind: 'rotating', endpoint, secrets: [secret, ...deps.knownSecrets.filter((known) => known !== secret)] };
}

/**
 * Ends a rotation: deletes every endpoint of the URL except the newest, after the services have proved that they accept
 * events signed with every known secret, including the new one. Throws what `endpoints` throws.
 */
export async function finishRotation(deps: SetUpDeps, { isChecked }: { isChecked: boolean }): Promise<SetUpOutcome> {
  const [newest, ...older] = endpointsAt(deps.url, await deps.endpoints.list());
  if (!newest || older.length === 0) return { kind: 'not-under-way' };
  if (isChecked) {
    if (deps.knownSecrets.length === 0) return { kind: 'not-accepted', status: undefined };
    for (const secret of deps.knownSecrets) {
      const status = await deps.probe(secret);
      if (status !== 200) return { kind: 'not-accepted', status };
    }
  }
  if (deps.dryRun) return { kind: 'would-remove', endpointIds: older.map(({ id }) => id) };
  for (const { id } of older) await deps.endpoints.remove(id);
  return { kind: 'finished', endpoint: newest, secrets: deps.knownSecrets.slice(0, 1) };
}

/** Aborts a rotation: deletes the newest endpoint, whose secret nobody has or wants. Throws what `endpoints` throws. */
export async function abortRotation(deps: SetUpDeps): Promise<SetUpOutcome> {
  const [newest, older] = endpointsAt(deps.url, await deps.endpoints.list());
  if (!newest || !older) return { kind: 'not-under-way' };
  if (deps.dryRun) return { kind: 'would-remove', endpointIds: [newest.id] };
  await deps.endpoints.remove(newest.id);
  return { kind: 'aborted', endpoint: older, secrets: [] };
}

const create = ({ endpoints, url, projectKey, apiVersion }: SetUpDeps) =>
  endpoints.create({ ...endpointDraft(url, projectKey), apiVersion });
