import { baseUrl, emptyIsUnset, serviceConfig } from '@connector/lifecycle';
import { isLiveKey, stripeConfig, webhookUrl } from '@connector/stripe';
import * as z from 'zod';
import { ownership, secretsField } from './config.ts';

/** The variables of setup, ensure-webhook-endpoint and purge. */
export const endpointConfigSchema = z.object({
  LOG_LEVEL: serviceConfig.LOG_LEVEL,
  LOGGER_LEVEL: serviceConfig.LOGGER_LEVEL,
  ...stripeConfig,
  CONNECT_SERVICE_URL: baseUrl()
    .optional()
    .describe('Public address of the connector; Stripe posts to /stripe/webhooks below it'),
  ...emptyIsUnset({
    STRIPE_WEBHOOK_ID: z
      .string()
      .regex(/^we_\w+$/, 'must begin with we_')
      .optional()
      .describe('The webhook endpoint; unset = all endpoints at the public address'),
  }),
  CTP_PROJECT_KEY: ownership.CTP_PROJECT_KEY.optional(),
});

/** The additional variables of setup. */
export const setupConfigSchema = endpointConfigSchema.extend({
  STRIPE_WEBHOOK_SIGNING_SECRET: secretsField
    .optional()
    .describe('Signing secrets in use, the current one first, comma-separated'),
});

/**
 * The webhook URL from an option or CONNECT_SERVICE_URL, or a sentence about what is wrong with it. In live mode Stripe
 * accepts only `https:`.
 */
export function readWebhookUrl(
  option: string | undefined,
  config: z.output<typeof endpointConfigSchema>,
): { url: string } | { problem: string } {
  const given = option ?? config.CONNECT_SERVICE_URL;
  if (given === undefined)
    return {
      problem:
        '--url (or CONNECT_SERVICE_URL) is required: the address under which the connector is reached from outside.',
    };
  const parsed = baseUrl().safeParse(given);
  if (!parsed.success) return { problem: `--url ${parsed.error.issues.map(({ message }) => message).join(', ')}.` };
  const url = webhookUrl(parsed.data);
  if (isLiveKey(config.STRIPE_SECRET_KEY) && !url.startsWith('https:'))
    return { problem: '--url must be https in live mode.' };
  return { url };
}
