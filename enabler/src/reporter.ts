import type { EnablerError } from './errors.ts';
import type { EnablerOptions, PaymentResult } from './payment-enabler.ts';
import type { Outcome } from './payment-flow.ts';

export interface Reporter {
  /** Reports to the host, and answers what it reported. */
  outcome(outcome: Outcome): PaymentResult;
  error(error: EnablerError): void;
}

/** Pending is reported as the failure variant with `isPending`, so that no host takes it for paid. */
export const toPaymentResult = ({ kind, paymentReference }: Outcome): PaymentResult =>
  kind === 'approved' ? { isSuccess: true, paymentReference } : { isSuccess: false, isPending: true, paymentReference };

/** A host's callback that throws is the host's bug: it is reported to the page, and the payment goes on. */
export function safeCallback<Arguments extends unknown[]>(callback: ((...args: Arguments) => unknown) | undefined) {
  return (...args: Arguments): void => {
    try {
      // Whatever has a `then` is waited for: a page may have a Promise of its own.
      Promise.resolve(callback?.(...args)).catch(reportToPage);
    } catch (error) {
      reportToPage(error);
    }
  };
}

/** The same promise, whose rejection is no unhandled one on pages that do not wait for it; they hear of it through `onError`. */
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
