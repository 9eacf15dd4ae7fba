import type { Payment } from '../merchant.ts';
import { renderAddress, wireAddress } from './address.ts';
import { CheckoutForm } from './checkout.ts';
import { renderAmounts, renderTexts, wireChoices } from './choices.ts';
import { byId } from './dom.ts';
import { type Switches, showFaults, showMetrics } from './faults.ts';
import { PaymentView } from './payment-view.ts';
import { Result } from './result.ts';
import { rememberShopper, shopper, text } from './shopper.ts';
import { showTestCards } from './test-cards.ts';

interface PageConfig {
  enablerUrl: string;
  processorUrl: string;
  isStripeSimulated: boolean;
  tracesPath?: string;
  switches: Switches;
  hasMetrics: boolean;
}

const config = JSON.parse(byId('config').textContent ?? '{}') as PageConfig;
const result = new Result(() => checkout.hasForm);
const view = new PaymentView({
  canDispute: config.isStripeSimulated,
  tracesPath: config.tracesPath,
  onPayment: settleResult,
});
const checkout = new CheckoutForm({ ...config, view, result, onDue: () => renderAmounts(checkout.due) });

/** The ledger settles payments that were pending in the browser, without a reload. */
function settleResult({ transactions }: Payment): void {
  const has = (type: string, wanted: string) => transactions.some((t) => t.type === type && t.state === wanted);
  if (!result.isOver) return;
  if (has('Charge', 'Success')) result.show('approved');
  else if (has('Authorization', 'Success')) result.show('approved', () => text('authorisedText'), 'authorised');
  else if (has('Authorization', 'Failure') && result.state === 'pending') result.show('failed');
}

function render(): void {
  renderTexts();
  renderAmounts(checkout.due);
  renderAddress();
  showTestCards(shopper.language, () => {
    byId('cards-hint').textContent = text('copied');
  });
  view.render();
}

let restarting: ReturnType<typeof setTimeout> | undefined;
/** Several clicks in a row make one new checkout. */
function restart(): void {
  rememberShopper();
  render();
  byId<HTMLButtonElement>('pay').disabled = true;
  clearTimeout(restarting);
  restarting = setTimeout(() => {
    view.clear();
    void checkout.start();
  }, 250);
}

/** A finished order stays on the page, in the new language. */
function changeLanguage(): void {
  if (result.isOver) {
    rememberShopper();
    render();
    result.render();
  } else restart();
}

wireChoices({ onChange: restart, onLanguage: changeLanguage });
wireAddress((isValid) => {
  renderAddress();
  if (isValid) checkout.saveAddress();
});
byId('pay').addEventListener('click', () => checkout.pay());
byId('again').addEventListener('click', () => {
  view.clear();
  render();
  void checkout.start();
});
showFaults(config.switches);
if (config.hasMetrics) showMetrics();
render();

const session = sessionStorage.getItem('session');
const isReturn = new URLSearchParams(location.search).has('payment_intent');
void (isReturn && session ? checkout.resume(session) : checkout.start());
