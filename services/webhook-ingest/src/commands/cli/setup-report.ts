import { type SecretPlace, secretManifest } from '../../domain/secret-manifest.ts';
import type { SetUpOutcome } from '../../use-cases/set-up-webhook-endpoint.ts';

/** The endpoint exists, so there is no signing secret to print. */
const EXIT_EXISTS = 3;

export interface Report {
  readonly exitCode: number;
  /** What was done and what to do next, for standard error. */
  readonly lines: readonly string[];
  /** The Secret to apply, for standard output; undefined when there is none. */
  readonly manifest?: string;
}

type Kind = SetUpOutcome['kind'];
type OutcomeOf<K extends Kind> = SetUpOutcome & { kind: K };

/** The address to which Stripe posts, and the Secret to print. */
interface Target {
  readonly url: string;
  readonly place: SecretPlace;
}

/** The messages about a run of setup. */
export function setUpReport(outcome: SetUpOutcome, url: string, place: SecretPlace): Report {
  const report = REPORTS[outcome.kind] as (outcome: SetUpOutcome, target: Target) => Report;
  return report(outcome, { url, place });
}

const REPORTS: { readonly [K in Kind]: (outcome: OutcomeOf<K>, target: Target) => Report } = {
  created: (outcome, target) =>
    withSecret(outcome, target, [
      `Made the webhook endpoint ${outcome.endpoint.id} for ${target.url}.`,
      applyIt(target),
      nameIt(outcome, target),
    ]),

  rotating: (outcome, target) =>
    withSecret(outcome, target, [
      `Made the webhook endpoint ${outcome.endpoint.id} beside the present one, for ${target.url}. Stripe delivers to both.`,
      ...(outcome.secrets.length > 1
        ? [`${applyIt(target)} It holds the new secret and the old one.`]
        : [
            `${applyIt(target)} It holds the new secret alone: the old one was not given. Once it is applied, what the old endpoint sends is`,
            'refused and alerts may tell so; nothing is lost, because the new endpoint sends the same events.',
          ]),
      'Two minutes after it is applied: setup --finish-rotation, with STRIPE_WEBHOOK_SIGNING_SECRET as it is now in the Secret.',
    ]),

  finished: (outcome, target) =>
    withSecret(outcome, target, [
      `The rotation is done: ${outcome.endpoint.id} is the only endpoint for ${target.url}.`,
      ...(outcome.secrets.length > 0 ? [`${applyIt(target)} It holds the new secret alone.`] : []),
      nameIt(outcome, target),
      'Events that the old endpoint still had to deliver come by the next reconcile; "kubectl create job --from=cronjob/<release>-reconcile …" runs it now.',
    ]),

  aborted: ({ endpoint }) => done([`The newer endpoint is deleted; ${endpoint.id} goes on as before.`]),

  'would-create': ({ endpointIds }, { url, place }) =>
    done([
      `Would make a webhook endpoint for ${url}${endpointIds.length > 0 ? ` beside ${endpointIds.join(', ')}` : ''}, and print the Secret ${place.name}.`,
    ]),

  'would-remove': ({ endpointIds }) => done([`Would delete ${endpointIds.join(', ')}.`]),

  exists: existsReport,

  elsewhere: ({ endpoint }, { url }) =>
    failed([
      `The webhook endpoint ${endpoint.id} of this commercetools project posts to ${endpoint.url}. Two endpoints would send every event twice.`,
      `Has the connector moved? ensure-webhook-endpoint --id ${endpoint.id} --url ${url} takes the endpoint along, with its secret.`,
      'Are these two installations? Leave CTP_PROJECT_KEY out to make a second endpoint.',
    ]),

  'under-way': ({ endpointIds }, { url }) =>
    failed([
      `A rotation is under way already: ${endpointIds.join(', ')} all post to ${url}.`,
      'Finish it with --finish-rotation, or, when the new secret is lost, give it up with --abort-rotation.',
    ]),

  'not-under-way': (_outcome, { url }) =>
    failed([`There is at most one endpoint for ${url}, so no rotation is under way.`]),

  'not-accepted': ({ status }, { url }) => failed(['The old endpoint is left as it is:', ...refusalOf(status, url)]),
};

function existsReport(outcome: OutcomeOf<'exists'>, target: Target): Report {
  const lines = [
    `The webhook endpoint ${outcome.endpoint.id} for ${target.url} exists already; no second one is made.`,
    ...(outcome.isUpToDate
      ? []
      : [
          'Its events or API version are not those of this version: ensure-webhook-endpoint tells, and brings the events up to date.',
        ]),
  ];
  if (outcome.secrets.length > 0)
    return withSecret(outcome, target, [...lines, `${applyIt(target)} It holds the secrets that were given.`]);
  return {
    exitCode: EXIT_EXISTS,
    lines: [
      ...lines,
      'Stripe shows a signing secret only when an endpoint is made, so there is no Secret to print. In the Dashboard (Developers,',
      'Webhooks) "Reveal" shows it to people; setup --rotate gets a new one without losing an event.',
    ],
  };
}

const done = (lines: readonly string[]): Report => ({ exitCode: 0, lines });
const failed = (lines: readonly string[]): Report => ({ exitCode: 1, lines });

/** The lines, and the Secret to apply where there is one. */
const withSecret = (
  { secrets, endpoint }: Pick<OutcomeOf<'exists'>, 'secrets' | 'endpoint'>,
  { place }: Target,
  lines: readonly string[],
): Report => ({
  ...done(lines),
  ...(secrets.length > 0 && { manifest: secretManifest(place, secrets, endpoint.id) }),
});

const applyIt = ({ place }: Target): string =>
  `The Secret ${place.name} is on standard output: pipe it into "kubectl apply -f -".`;

const nameIt = ({ endpoint }: Pick<OutcomeOf<'exists'>, 'endpoint'>, { place }: Target): string =>
  `In the chart's values: stripe.webhookExistingSecret: ${place.name}, stripe.webhookEndpointId: ${endpoint.id}.`;

function refusalOf(status: number | undefined, url: string): string[] {
  if (status === undefined) {
    return [
      'STRIPE_WEBHOOK_SIGNING_SECRET must hold the secrets that the services have now, so that they can be tried (or --skip-check).',
    ];
  }
  const reason =
    status === 400
      ? 'the pods do not have a given secret yet; apply the Secret, wait two minutes, try again.'
      : `${url} answered ${status} to an event signed with a given secret.`;
  return [status === 400 ? `${url} refused an event signed with a given secret (400): ${reason}` : reason];
}
