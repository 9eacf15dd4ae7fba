import { always, type Case, fires, operations, quiet, rising, secret, webhooks } from './series.ts';

/** Alerts about Stripe's webhooks and their signing secrets. */
export const WEBHOOKS_CASES: Readonly<Record<string, readonly Case[]>> = {
  WebhookBadSignatures: [
    fires(
      'a wrong secret, so that all signatures are bad',
      [
        [webhooks('bad_signature'), rising(2)],
        [webhooks('accepted'), always(0)],
      ],
      {
        labels: { severity: 'warning' },
        description:
          '30 webhooks were refused in the last 15 minutes, in namespace shop, because of a bad or old signature. That is more than a tenth of the good ones.',
      },
    ),
    quiet('a few webhooks of strangers among many good ones', [
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
          '60 payment operations succeeded in the last 30 minutes, but no Stripe event was accepted, in namespace shop.',
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
          '360 webhooks in the last 6 hours could be verified only with an old secret, which is not the first of the list, in namespace shop. Stripe stops using the old secret at most 24 hours after the rotation.',
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
