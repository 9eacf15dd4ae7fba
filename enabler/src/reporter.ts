import type { EnablerError } from './errors.ts';
import type { EnablerOptions, PaymentResult } from './payment-enabler.ts';
import type { Outcome } from './payment-flow.ts';

export interface Reporter {
  /** Reports to the host, and returns what it reported. */
  outcome(outcome: Outcome): PaymentResult;
  error(error: EnablerError): void;
}

/** A pending payment is reported as the failure variant with `isPending`, so that no host treats it as paid. */
export const toPaymentResult = ({ kind, paymentReference }: Outcome): PaymentResult =>
  kind === 'approved' ? { isSuccess: true, paymentReference } : { isSuccess: false, isPending: true, paymentReference };

/** A throwing callback is the host's bug: it is reported to the page, and the payment continues. */
export function safeCallback<Arguments extends unknown[]>(callback: ((...args: Arguments) => unknown) | undefined) {
  return (...args: Arguments): void => {
    try {
      // Waits for anything with a `then`, because a page may have a Promise of its own.
      Promise.resolve(callback?.(...args)).catch(reportToPage);
    } catch (error) {
      reportToPage(error);
    }
  };
}

/** The same promise, but without an unhandled rejection on pages that do not wait for it; `onError` tells them. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

const reportToPage = (error: unknown): void => {
  if (typeof reportError === 'function') reportError(error);
};

export function createReporter({ onComplete, onError }: Pick<EnablerOptions, 'onComplete' | 'onError'>): Reporter {
  const complete = safeCallback(onComplete);
  const fail = safeCallback(onError);
  return {
    outcome(outcome) {
      const result = toPaymentResult(outcome);
      complete(result);
      return result;
    },
    error(error) {
      const { paymentReference } = error;
      if (paymentReference) fail(error, { paymentReference });
      else fail(error);
    },
  };
}
