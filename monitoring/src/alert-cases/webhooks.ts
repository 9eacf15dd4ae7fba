import { always, type Case, fires, operations, quiet, rising, secret, webhooks } from './series.ts';

/** Alerts about Stripe's webhooks and their secrets. */
export const WEBHOOKS_CASES: Readonly<Record<string, readonly Case[]>> = {
  WebhookBadSignatures: [
    fires(
      'a wrong secret: nothing but bad signatures',
      [
        [webhooks('bad_signature'), rising(2)],
        [webhooks('accepted'), always(0)],
      ],
      {
        labels: { severity: 'warning' },
        description:
          '30 webhooks were refused for their signature or its age in the last 15 minutes, in namespace shop, more than a tenth of the good ones.',
      },
    ),
    quiet('a few strangers among many good ones', [
      [webhooks('bad_signature'), rising(1)],
      [webhooks('accepted'), rising(100)],
    ]),
  ],
  WebhookSilence: [
    fires(
      'payments without webhooks',
      [
        [operations('approved'), rising(2)],
        [webhooks('accepted'), always(40)],
      ],
      {
        labels: { severity: 'critical' },
        description:
          "60 payment operations succeeded in the last 30 minutes, and not one event of Stripe's was accepted, in namespace shop.",
      },
    ),
    quiet('a quiet night', [
      [operations('approved'), always(7)],
      [webhooks('accepted'), always(40)],
    ]),
    quiet('payments with webhooks', [
      [operations('approved'), rising(2)],
      [webhooks('accepted'), rising(4)],
    ]),
  ],
  SecretRotationUnfinished: [
    fires(
      'the old secret, for more than a day',
      [[secret('previous'), rising(1, 40 * 60)]],
      {
        labels: { severity: 'warning' },
        description:
          '360 webhooks of the last 6 hours were verified only by a secret that is not the first of the list, in namespace shop. Stripe drops the old one at most 24 hours after rolling.',
      },
      30 * 60,
    ),
    quiet(
      'a rotation that took two hours',
      [[secret('previous'), `${rising(1, 120)} ${always(120, 40 * 60)}`]],
      30 * 60,
    ),
  ],
};
