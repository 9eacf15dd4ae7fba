import { kafkaConfig } from '@connector/kafka';
import { serviceConfig } from '@connector/lifecycle';
import { stripeConfig } from '@connector/stripe';
import * as z from 'zod';
import { ownership } from './config.ts';

/** The reconcile command's variables; apart from the service's, which then needs no Stripe SDK in memory. */
export const reconcileConfigSchema = z.object({
  LOG_LEVEL: serviceConfig.LOG_LEVEL,
  LOGGER_LEVEL: serviceConfig.LOGGER_LEVEL,
  ...kafkaConfig,
  ...stripeConfig,
  CTP_PROJECT_KEY: ownership.CTP_PROJECT_KEY,
  STRIPE_ACCOUNT_ID: ownership.STRIPE_ACCOUNT_ID,
});
