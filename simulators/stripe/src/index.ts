import { ROUTES } from './api.ts';

export type { PayOptions } from './control-schemas.ts';
export type { StateReport } from './controls.ts';
export { Controls } from './controls.ts';
export { StripeApiError } from './errors.ts';
export { CURRENCIES, exponentOf } from './money.ts';
export { API_VERSION } from './objects.ts';
export type { Settings } from './simulation.ts';
export { type StripeSimulator, type StripeSimulatorOptions, startStripeSimulator } from './simulator.ts';
export { stripeJsSource } from './stripe-js.ts';
export type { WebhookSettings } from './webhook-settings.ts';
export type { WebhookCounts } from './webhooks.ts';

/** Every call of Stripe's API that is simulated, as `POST payment_intents/:id`. */
export const SIMULATED_CALLS: readonly string[] = Object.keys(ROUTES);
