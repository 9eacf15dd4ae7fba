import { toEnablerError } from './errors.ts';
import type { Texts } from './messages.ts';
import type { Outcome } from './payment-flow.ts';
import type { Reporter } from './reporter.ts';

/** Calls back when the page returns from the browser's back/forward cache. */
export type OnPageRestored = (listener: () => void) => void;

export const onBrowserPageRestored: OnPageRestored = (listener) => {
  if (typeof window === 'undefined') return;
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) listener();
  });
};

/**
 * Guards one form against paying twice: a submit during a submit joins it, and one after a success does nothing. The
 * returned function never rejects; the outcome is reported to `reporter`. `afterFailure` runs after the report, e.g. to
 * move the focus.
 */
export function createSubmission(
  pay: () => Promise<Outcome>,
  deps: { reporter: Reporter; text: Texts; onPageRestored: OnPageRestored; afterFailure?: (error: Error) => void },
): () => Promise<void> {
  let inFlight: Promise<void> | undefined;
  let isSettled = false;
  let latest = 0;

  // The page left for a redirect during the payment, and the shopper pressed "back". Stripe will never answer, so
  // everything that waits for the old submit is released, such as a disabled button of ours or of the host.
  let letGo = () => {};
  deps.onPageRestored(() => {
    inFlight = undefined;
    letGo();
  });

  async function run(id: number): Promise<void> {
    try {
      const outcome = await pay();
      if (id !== latest || isSettled) return;
      isSettled = true;
      deps.reporter.outcome(outcome);
    } catch (error) {
      if (id !== latest) return;
      const failure = toEnablerError(error, deps.text);
      deps.reporter.error(failure);
      deps.afterFailure?.(failure);
    }
  }

  return () => {
    if (isSettled) return Promise.resolve();
    if (!inFlight) {
      latest += 1;
      const left = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const current = Promise.race([run(latest), left]).finally(() => {
        if (inFlight === current) inFlight = undefined;
      });
      inFlight = current;
    }
    return inFlight;
  };
}
