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

/** The owner of the Stripe events; shared by the service and the reconcile command. */
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
    .describe('Your Stripe account: the source of events that name no account; events of other accounts are ignored'),
  CTP_PROJECT_KEY: z
    .string()
    .regex(/^[a-z0-9_-]{2,36}$/i, 'must be a commercetools project key')
    .describe('commercetools project; events of other projects on the same Stripe account are ignored'),
};

type Keys = { STRIPE_PUBLISHABLE_KEY?: string | undefined; STRIPE_SECRET_KEY?: string | undefined };

/** Whether the keys are live keys. Throws Error when there is no key, which the schemas below prevent. */
export function livemodeOf({ STRIPE_PUBLISHABLE_KEY, STRIPE_SECRET_KEY }: Keys): boolean {
  const key = STRIPE_PUBLISHABLE_KEY ?? STRIPE_SECRET_KEY;
  if (!key) throw new Error('neither STRIPE_PUBLISHABLE_KEY nor STRIPE_SECRET_KEY is set');
  return isLive(key);
}

const isLive = (key: string): boolean => key.split('_')[1] === 'live';

const sameMode = ({ STRIPE_PUBLISHABLE_KEY, STRIPE_SECRET_KEY }: Keys): boolean =>
  !STRIPE_PUBLISHABLE_KEY || !STRIPE_SECRET_KEY || isLive(STRIPE_PUBLISHABLE_KEY) === isLive(STRIPE_SECRET_KEY);

/** Checks across variables run even if some variables are wrong, so that every problem is named at once. */
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
      .describe('Only its mode (test or live) is used; the service makes no call to Stripe'),
    STRIPE_WEBHOOK_SIGNING_SECRET: secretsField.describe(
      'Signing secrets of the webhook endpoint (whsec_…), the current one first, comma-separated',
    ),
    STRIPE_WEBHOOK_SIGNING_SECRET_FILE: z
      .string()
      .min(1)
      .optional()
      .describe('File with the signing secrets instead; changes are read, so that a rotation needs no restart'),
    STRIPE_WEBHOOK_ALLOWED_IPS: commaList()
      .refine(areAddresses, 'must be IP addresses or CIDR ranges, comma-separated')
      .default([])
      .describe("Addresses and CIDR ranges that may post webhooks (Stripe publishes its own); empty = anyone's"),
    TRUSTED_PROXY_HOPS: integer(0, 10)
      .default(1)
      .describe(
        'Number of proxies in front whose X-Forwarded-For is trusted, for STRIPE_WEBHOOK_ALLOWED_IPS and the memory share of an address',
      ),
    WEBHOOK_DEADLINE_MS: integer(1_000, 18_000)
      .default(10_000)
      .describe(
        'How long an event may wait for Kafka before it is answered 503, in ms; longer than Kafka needs to remove a dead broker (broker.session.timeout.ms), shorter than Stripe waits',
      ),
    WEBHOOK_MAX_IN_FLIGHT: integer(1, 10_000)
      .default(1_000)
      .describe('Events that may wait for Kafka at once; further ones are answered 503'),
    WEBHOOK_DUPLICATE_WINDOW_S: integer(0, 3600)
      .default(300)
      .describe('How long repeats of an acknowledged event are answered without being produced again, in s; 0 = never'),
  })
  .refine((env) => env.STRIPE_PUBLISHABLE_KEY || env.STRIPE_SECRET_KEY, {
    ...always,
    error: 'STRIPE_PUBLISHABLE_KEY or STRIPE_SECRET_KEY is required, to know whether this is test or live mode',
  })
  .refine(sameMode, {
    ...always,
    error: 'STRIPE_PUBLISHABLE_KEY and STRIPE_SECRET_KEY are of different modes (test and live)',
  });
