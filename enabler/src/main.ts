export { Enabler } from './enabler.ts';
export {
  CancelledError,
  ConfigurationError,
  EnablerError,
  NetworkError,
  NotReadyError,
  PaymentError,
  ProcessorError,
} from './errors.ts';
export * from './payment-enabler.ts';
