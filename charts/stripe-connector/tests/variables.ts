import { kafkaConfig } from '@connector/kafka';
import * as z from 'zod';
import { configSchema as enabler } from '../../../services/enabler-static/src/config.ts';
import { configSchema as intent } from '../../../services/intent/src/config.ts';
import { doctorConfigSchema } from '../../../services/intent/src/doctor/config.ts';
import { ensureTypesConfigSchema, purgeConfigSchema } from '../../../services/intent/src/ensure-types-config.ts';
import {
  configSchema as ledger,
  reconcilePendingConfigSchema,
  unorderedConfigSchema,
} from '../../../services/ledger/src/config.ts';
import { ensureTopicsConfigSchema } from '../../../services/ledger/src/topics-config.ts';
import { configSchema as sessionAuth } from '../../../services/session-auth/src/config.ts';
import { configSchema as webhookIngest } from '../../../services/webhook-ingest/src/config.ts';
import { endpointConfigSchema } from '../../../services/webhook-ingest/src/endpoint-config.ts';
import { reconcileConfigSchema } from '../../../services/webhook-ingest/src/reconcile-config.ts';
import { isMap } from './values.ts';

/** What each service and command of the images reads. */
export const READERS = {
  'session-auth': sessionAuth,
  intent,
  'webhook-ingest': webhookIngest,
  ledger,
  enabler,
  reconcile: reconcileConfigSchema,
  'reconcile-undelivered': reconcileConfigSchema,
  'reconcile-pending': reconcilePendingConfigSchema,
  unordered: unorderedConfigSchema,
  audit: reconcilePendingConfigSchema,
  'ensure-topics': ensureTopicsConfigSchema,
  types: ensureTypesConfigSchema,
  doctor: doctorConfigSchema,
  preflight: doctorConfigSchema,
  redrive: z.object(kafkaConfig),
  'purge-types': purgeConfigSchema,
  'webhook-endpoint': endpointConfigSchema,
  'purge-webhook-endpoint': endpointConfigSchema,
} satisfies Record<string, z.ZodObject>;

/** Given to no part: in a pod the port `metrics` is for kubelet and Prometheus, and the token, a secret, comes by `extraEnv` where it is wanted. */
const NEVER_GIVEN: readonly string[] = ['METRICS_HOST', 'ADMIN_TOKEN'];

/** Not given although it could be read: webhook-ingest learns its mode from the publishable key and needs no secret one. */
const WITHHELD: Readonly<Record<string, readonly string[]>> = {
  'webhook-ingest': ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SIGNING_SECRET'],
  doctor: ['STRIPE_WEBHOOK_SIGNING_SECRET'],
  enabler: ['ENABLER_FILES'],
};

/** The variables that the chart gives to each part, in alphabetical order. */
export const variablesOf = (): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(READERS).map(([part, { shape }]) => [
      part,
      Object.keys(shape)
        .filter((name) => !NEVER_GIVEN.includes(name) && !WITHHELD[part]?.includes(name))
        .toSorted(),
    ]),
  );

/** What a variable is when it is not given, as the part that reads it has it; null = it has no default. */
export function defaultOf(name: string): unknown {
  for (const { shape } of Object.values(READERS)) {
    const type = (shape as Record<string, z.ZodType>)[name];
    const parsed = type?.safeParse(undefined);
    if (!parsed?.success || parsed.data === undefined) continue;
    const { data } = parsed;
    // Options as they are sent to browsers, with what was wrong about them.
    return isMap(data) && typeof data.json === 'string' ? JSON.parse(data.json) : data;
  }
  return null;
}

/** Meaning of every variable that some part reads. */
export const meanings = (): Map<string, string> =>
  new Map(
    Object.values(READERS).flatMap(({ shape }) =>
      Object.entries(shape).map(([name, { description = '' }]) => [name, description] as const),
    ),
  );
