import { type SecretPlace, secretManifest } from '../../domain/secret-manifest.ts';
import type { SetUpOutcome } from '../../use-cases/set-up-webhook-endpoint.ts';

/** The endpoint exists, so there is no signing secret to print. */
const EXIT_EXISTS = 3;

export interface Report {
  readonly exitCode: number;
  /** What was done and what comes next, for standard error. */
  readonly lines: readonly string[];
  /** The Secret to apply, for standard output; undefined when there is none. */
  readonly manifest?: string;
}

/** What the person at the command line is told about a run of setup. */
export function setUpReport(outcome: SetUpOutcome, url: string, place: SecretPlace): Report {
  const done = (lines: readonly string[], secrets: readonly string[], endpointId: string): Report => ({
    exitCode: 0,
    lines,
    ...(secrets.length > 0 && { manifest: secretManifest(place, secrets, endpointId) }),
  });
  const apply = `The Secret ${place.name} is on standard output: pipe it into "kubectl apply -f -".`;
  switch (outcome.kind) {
    case 'created':
      return done(
        [
          `Made the webhook endpoint ${outcome.endpoint.id} for ${url}.`,
          apply,
          NAME_IT(outcome.endpoint.id, place.name),
        ],
        outcome.secrets,
        outcome.endpoint.id,
      );
    case 'rotating':
      return done(
        [
          `Made the webhook endpoint ${outcome.endpoint.id} beside the present one, for ${url}. Stripe delivers to both.`,
          ...(outcome.secrets.length > 1
            ? [`${apply} It holds the new secret and the old one.`]
            : [
                `${apply} It holds the new secret alone: the old one was not given. Once it is applied, what the old endpoint sends is`,
                'refused and alerts may tell so; nothing is lost, because the new endpoint sends the same events.',
              ]),
          'Two minutes after it is applied: setup --finish-rotation, with STRIPE_WEBHOOK_SIGNING_SECRET as it is now in the Secret.',
        ],
        outcome.secrets,
        outcome.endpoint.id,
      );
    case 'finished':
      return done(
        [
          `The rotation is done: ${outcome.endpoint.id} is the only endpoint for ${url}.`,
          ...(outcome.secrets.length > 0 ? [`${apply} It holds the new secret alone.`] : []),
          NAME_IT(outcome.endpoint.id, place.name),
          'Events that the old endpoint still had to deliver come by the next reconcile; "kubectl create job --from=cronjob/<release>-reconcile …" runs it now.',
        ],
        outcome.secrets,
        outcome.endpoint.id,
      );
    case 'aborted':
      return done(
        [`The newer endpoint is deleted; ${outcome.endpoint.id} goes on as before.`],
        [],
        outcome.endpoint.id,
      );
    case 'would-create':
      return {
        exitCode: 0,
        lines: [
          `Would make a webhook endpoint for ${url}${outcome.endpointIds.length > 0 ? ` beside ${outcome.endpointIds.join(', ')}` : ''}, and print the Secret ${place.name}.`,
        ],
      };
    case 'would-remove':
      return { exitCode: 0, lines: [`Would delete ${outcome.endpointIds.join(', ')}.`] };
    case 'exists': {
      const { endpoint, isUpToDate, secrets } = outcome;
      const lines = [
        `The webhook endpoint ${endpoint.id} for ${url} exists already; no second one is made.`,
        ...(isUpToDate
          ? []
          : [
              'Its events or API version are not those of this version: ensure-webhook-endpoint tells, and brings the events up to date.',
            ]),
      ];
      if (secrets.length > 0)
        return done([...lines, `${apply} It holds the secrets that were given.`], secrets, endpoint.id);
      return {
        exitCode: EXIT_EXISTS,
        lines: [
          ...lines,
          'Stripe shows a signing secret only when an endpoint is made, so there is no Secret to print. In the Dashboard (Developers,',
          'Webhooks) "Reveal" shows it to people; setup --rotate gets a new one without losing an event.',
        ],
      };
    }
    case 'elsewhere':
      return {
        exitCode: 1,
        lines: [
          `The webhook endpoint ${outcome.endpoint.id} of this commercetools project posts to ${outcome.endpoint.url}. Two endpoints would send every event twice.`,
          `Has the connector moved? ensure-webhook-endpoint --id ${outcome.endpoint.id} --url ${url} takes the endpoint along, with its secret.`,
          'Are these two installations? Leave CTP_PROJECT_KEY out to make a second endpoint.',
        ],
      };
    case 'under-way':
      return {
        exitCode: 1,
        lines: [
          `A rotation is under way already: ${outcome.endpointIds.join(', ')} all post to ${url}.`,
          'Finish it with --finish-rotation, or, when the new secret is lost, give it up with --abort-rotation.',
        ],
      };
    case 'not-under-way':
      return { exitCode: 1, lines: [`There is at most one endpoint for ${url}, so no rotation is under way.`] };
    case 'not-accepted':
      return { exitCode: 1, lines: ['The old endpoint is left as it is:', ...refusalOf(outcome.status, url)] };
  }
}

const NAME_IT = (id: string, secret: string): string =>
  `In the chart's values: stripe.webhookExistingSecret: ${secret}, stripe.webhookEndpointId: ${id}.`;

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
