export * from './commercetools/fake-commercetools.ts';
export { type Answer, type CommercetoolsServer, json, serveCommercetools } from './commercetools/http-server.ts';
export { RefusedAnswer } from './commercetools/refusal.ts';
export { type Failures, failing, type Gate } from './gate.ts';
export * from './stripe/fake-stripe.ts';
export { stripeRejection } from './stripe/refusal.ts';
