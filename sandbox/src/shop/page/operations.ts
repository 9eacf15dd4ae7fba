import type { Payment } from '../merchant.ts';
import { callBackend } from './api.ts';
import { byId, parseAmount } from './dom.ts';

/**
 * Connects the buttons of the back office; `paymentOf` returns their payment, if any, and `onAnswer` gets the result.
 */
export function wireOperations(
  paymentOf: () => Payment | undefined,
  onAnswer: (what: string, isFailure: boolean) => void,
): void {
  const typed = byId<HTMLInputElement>('operation-amount');
  byId<HTMLFormElement>('operations').addEventListener('submit', (event) => {
    event.preventDefault();
    const button = event.submitter as HTMLButtonElement | null;
    const action = button?.dataset.action;
    const payment = paymentOf();
    if (!button || !action || !payment) return;
    const isAll = typed.value.trim() === '';
    const amount = isAll ? undefined : parseAmount(typed.value, payment.amountPlanned.fractionDigits);
    if (!isAll && amount === undefined) {
      typed.focus();
      return;
    }
    const name = button.textContent;
    button.disabled = true;
    void run(payment.id, { action, ...(amount !== undefined && { amount }) })
      .then(({ what, isFailure }) => onAnswer(`${name}: ${what}`, isFailure))
      .finally(() => {
        button.disabled = false;
      });
  });
}

async function run(paymentId: string, step: { action: string; amount?: number }) {
  const path = `/storefront/api/payments/${encodeURIComponent(paymentId)}/operations`;
  try {
    const { outcome = 'ok' } = await callBackend<{ outcome?: string }>('POST', path, step);
    return { what: outcome, isFailure: outcome === 'rejected' };
  } catch (error) {
    return { what: (error as Error).message, isFailure: true };
  }
}
