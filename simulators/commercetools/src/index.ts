export type { ApiClient, JwtOptions } from './auth.ts';
export type { Call, CallFilter } from './call-log.ts';
export type { RecurringPaymentJob, Session, SessionState } from './checkout-resources.ts';
export type { CommercetoolsSimulator } from './controls.ts';
export { fractionDigitsOf } from './money.ts';
export type { StoredPayment } from './payments/stored-payment.ts';
export type { SimulatorState } from './project.ts';
export * from './seed.ts';
export { type SimulatorOptions, startCommercetoolsSimulator } from './simulator.ts';
