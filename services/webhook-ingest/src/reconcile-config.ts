import { kafkaConfig } from '@connector/kafka';
import { serviceConfig } from '@connector/lifecycle';
import { stripeConfig } from '@connector/stripe';
import * as z from 'zod';
import { ownership } from './config.ts';

/** The reconcile command's variables, in a file of their own so that the service does not load the Stripe SDK. */
export const reconcileConfigSchema = z.object({
  LOG_LEVEL: serviceConfig.LOG_LEVEL,
  LOGGER_LEVEL: serviceConfig.LOGGER_LEVEL,
  ...kafkaConfig,
  ...stripeConfig,
  CTP_PROJECT_KEY: ownership.CTP_PROJECT_KEY,
  STRIPE_ACCOUNT_ID: ownership.STRIPE_ACCOUNT_ID,
});
