export * from './commercetools/fake-commercetools.ts';
export { type Answer, type CommercetoolsServer, json, serveCommercetools } from './commercetools/http-server.ts';
export type { Gate } from './gate.ts';
export * from './stripe/fake-stripe.ts';
export { stripeRejection } from './stripe/refusal.ts';
