export * from './commercetools/fake-commercetools.ts';
export type { Gate } from './gate.ts';
export * from './stripe/fake-stripe.ts';
export { stripeRejection } from './stripe/refusal.ts';
