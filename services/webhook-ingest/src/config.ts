import { kafkaConfig } from '@connector/kafka';
import { commaList, integer, noPlaceholder, serviceConfig } from '@connector/lifecycle';
import * as z from 'zod';
import { areAddresses } from './domain/address-list.ts';

const PLACEHOLDERS = ['whsec_', 'whsec_...', 'whsec_xxx', 'whsec_changeme', 'whsec_your_signing_secret', '<secret>'];

export const secretsField = noPlaceholder(PLACEHOLDERS)
  .pipe(commaList())
  .refine((secrets) => secrets.length > 0, 'must hold at least one signing secret')
  .refine((secrets) => secrets.every((secret) => /^whsec_\S+$/.test(secret)), 'each secret must begin with whsec_')
  .refine((secrets) => !secrets.some((secret) => PLACEHOLDERS.includes(secret)), 'still has its placeholder value');

/** Signing secrets from the text of a file; undefined when it is not valid. */
export const parseSigningSecrets = (text: string): readonly string[] | undefined => secretsField.safeParse(text).data;

/** Whose Stripe events these are; shared by the service and the reconcile command. */
export const ownership = {
  STRIPE_PUBLISHABLE_KEY: z
    .string()
    .regex(/^pk_(test|live)_/, 'must begin with pk_test_ or pk_live_')
    .optional()
    .describe('Says whether this is test or live mode; this or STRIPE_SECRET_KEY is required'),
  STRIPE_ACCOUNT_ID: z
    .string()
    .regex(/^acct_\w+$/, 'must begin with acct_')
    .optional()
    .describe('Own Stripe account: the source of events that name none; events that name another are ignored'),
  CTP_PROJECT_KEY: z
    .string()
    .regex(/^[a-z0-9_-]{2,36}$/i, 'must be a commercetools project key')
    .describe('commercetools project; events of other projects on the same Stripe account are ignored'),
};

type Keys = { STRIPE_PUBLISHABLE_KEY?: string | undefined; STRIPE_SECRET_KEY?: string | undefined };

/** Whether the keys are live ones. Throws Error when there is no key; the schemas below do not let that through. */
export function livemodeOf({ STRIPE_PUBLISHABLE_KEY, STRIPE_SECRET_KEY }: Keys): boolean {
  const key = STRIPE_PUBLISHABLE_KEY ?? STRIPE_SECRET_KEY;
  if (!key) throw new Error('neither STRIPE_PUBLISHABLE_KEY nor STRIPE_SECRET_KEY is set');
  return isLive(key);
}

const isLive = (key: string): boolean => key.split('_')[1] === 'live';

const sameMode = ({ STRIPE_PUBLISHABLE_KEY, STRIPE_SECRET_KEY }: Keys): boolean =>
  !STRIPE_PUBLISHABLE_KEY || !STRIPE_SECRET_KEY || isLive(STRIPE_PUBLISHABLE_KEY) === isLive(STRIPE_SECRET_KEY);

/** Checks across variables run even when some of them are wrong, so that every problem is named at once. */
const always = { when: () => true };

/** The service's variables. */
export const configSchema = z
  .object({
    ...serviceConfig,
    ...kafkaConfig,
    ...ownership,
    STRIPE_SECRET_KEY: z
      .string()
      .regex(/^(sk|rk)_(test|live)_/, 'must begin with sk_test_, sk_live_, rk_test_ or rk_live_')
      .optional()
      .describe('Only its mode is read (test or live); the service makes no Stripe call'),
    STRIPE_WEBHOOK_SIGNING_SECRET: secretsField.describe(
      'Signing secrets of the webhook endpoint (whsec_…), the current one first, comma-separated',
    ),
    STRIPE_WEBHOOK_SIGNING_SECRET_FILE: z
      .string()
      .min(1)
      .optional()
      .describe('File with the signing secrets instead; it is followed, so that a rotation needs no restart'),
    STRIPE_WEBHOOK_ALLOWED_IPS: commaList()
      .refine(areAddresses, 'must be IP addresses or CIDR ranges, comma-separated')
      .default([])
      .describe("Addresses and CIDR ranges that may post webhooks (Stripe publishes its own); empty = anyone's"),
    TRUSTED_PROXY_HOPS: integer(0, 10)
      .default(1)
      .describe(
        'Proxies in front whose X-Forwarded-For is believed, for STRIPE_WEBHOOK_ALLOWED_IPS and the share of memory of one address',
      ),
    WEBHOOK_DEADLINE_MS: integer(1_000, 18_000)
      .default(10_000)
      .describe(
        'How long an event may wait for Kafka before it is answered 503, in ms; longer than it takes Kafka to give a dead broker up (broker.session.timeout.ms), shorter than Stripe waits',
      ),
    WEBHOOK_MAX_IN_FLIGHT: integer(1, 10_000)
      .default(1_000)
      .describe('Events that may wait for Kafka at once; further ones are answered 503'),
    WEBHOOK_DUPLICATE_WINDOW_S: integer(0, 3600)
      .default(300)
      .describe("How long an acknowledged event's repeats are answered without producing them again, in s; 0 = never"),
  })
  .refine((env) => env.STRIPE_PUBLISHABLE_KEY || env.STRIPE_SECRET_KEY, {
    ...always,
    error: 'STRIPE_PUBLISHABLE_KEY or STRIPE_SECRET_KEY is required, to know whether this is test or live mode',
  })
  .refine(sameMode, {
    ...always,
    error: 'STRIPE_PUBLISHABLE_KEY and STRIPE_SECRET_KEY are of different modes (test and live)',
  });
