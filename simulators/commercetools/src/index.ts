export type { ApiClient, JwtOptions } from './auth.ts';
export type { Call, CallFilter } from './call-log.ts';
export type { RecurringPaymentJob, Session, SessionState } from './checkout-resources.ts';
export { fractionDigitsOf } from './money.ts';
export type { StoredPayment } from './payments/stored-payment.ts';
export * from './seed.ts';
export {
  type CommercetoolsSimulator,
  type SimulatorOptions,
  type SimulatorState,
  startCommercetoolsSimulator,
} from './simulator.ts';
