import * as z from 'zod';
import { BILLING_ADDRESS_MODES, CAPTURE_METHODS, FLOW_TYPES, NO_FUTURE_USAGE } from './domain/behaviour.ts';

const onOrOff = z.enum(['enabled', 'disabled']);

/** Features of Stripe's saved payment methods in the payment element. */
export const savedMethodsSchema = z.strictObject({
  payment_method_save: onOrOff.optional(),
  payment_method_save_usage: z.enum(['off_session', 'on_session']).optional(),
  payment_method_redisplay: onOrOff.optional(),
  payment_method_redisplay_limit: z.int().min(1).max(10).optional(),
  payment_method_remove: onOrOff.optional(),
  payment_method_allow_redisplay_filters: z.array(z.enum(['always', 'limited', 'unspecified'])).optional(),
});

/** A word for `setup_future_usage`, however it is written; some mean none. */
export const futureUsageWord = z.preprocess(
  (value) => (typeof value === 'string' ? value.trim().toLowerCase() : value),
  z.enum(['off_session', 'on_session', ...NO_FUTURE_USAGE]),
);

/** Other behaviour than the configured one, by country code or store key. */
export const rulesSchema = z.record(
  z.string(),
  z.strictObject({
    flowType: z.enum(FLOW_TYPES).optional(),
    captureMethod: z.enum(CAPTURE_METHODS).optional(),
    setupFutureUsage: futureUsageWord.optional(),
    collectBillingAddress: z.enum(BILLING_ADDRESS_MODES).optional(),
  }),
);

const walletTexts = z.looseObject({
  applePay: z.string().optional(),
  googlePay: z.string().optional(),
  paypal: z.string().optional(),
});

/** Options of Stripe's express checkout element. */
export const expressElementSchema = z.looseObject({
  buttonHeight: z.number().optional(),
  buttonTheme: walletTexts.optional(),
  buttonType: walletTexts.optional(),
  emailRequired: z.boolean().optional(),
  layout: z
    .looseObject({
      maxColumns: z.number().optional(),
      maxRows: z.number().optional(),
      overflow: z.enum(['auto', 'never']).optional(),
    })
    .optional(),
  paymentMethodOrder: z.array(z.string()).optional(),
  phoneNumberRequired: z.boolean().optional(),
});
