export * from './fake-commercetools.ts';
export * from './stripe/fake-stripe.ts';
export { stripeRejection } from './stripe/refusal.ts';
