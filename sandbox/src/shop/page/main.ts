import type { DropinComponent, EnablerConstructor, PaymentResult } from '@connector/enabler/types';
import { type Currency, FRACTION_DIGITS, PRICES } from '../catalogue.ts';
import type { Checkout, Payment } from '../merchant.ts';
import { callBackend } from './api.ts';
import { byId, create, formatMoney } from './dom.ts';
import { showExpress } from './express.ts';
import { type Switches, showFaults, showMetrics } from './faults.ts';
import { createPaymentView } from './payment-view.ts';
import { showStoredMethods } from './stored-methods.ts';
import { showTestCards } from './test-cards.ts';
import { isLanguage, type Language, type TextKey, textsOf } from './texts.ts';

interface PageConfig {
  enablerUrl: string;
  processorUrl: string;
  isStripeSimulated: boolean;
  tracesPath?: string;
  switches: Switches;
  hasMetrics: boolean;
}
type ResultState = 'idle' | 'paying' | 'approved' | 'pending' | 'failed';

const config = JSON.parse(byId('config').textContent ?? '{}') as PageConfig;
const COUNTRIES = ['DE', 'AT', 'CH', 'FR', 'NL', 'BE', 'PL', 'ES', 'IT', 'GB', 'US', 'JP', 'KW'];
const MAX_QUANTITY = 9;

const saved = JSON.parse(localStorage.getItem('shopper') ?? '{}') as {
  language?: string;
  currency?: string;
  customerId?: string;
};
const preferred = saved.language ?? navigator.language.slice(0, 2);
const shopper = {
  language: (isLanguage(preferred) ? preferred : 'en') as Language,
  currency: (saved.currency && saved.currency in PRICES ? saved.currency : 'EUR') as Currency,
  customerId: saved.customerId,
  quantity: 1,
};
const remember = () => {
  const { language, currency, customerId } = shopper;
  localStorage.setItem('shopper', JSON.stringify({ language, currency, customerId }));
};
const text = (key: TextKey): string => textsOf(shopper.language)[key];
const total = () => ({
  centAmount: PRICES[shopper.currency] * shopper.quantity,
  currencyCode: shopper.currency,
  fractionDigits: FRACTION_DIGITS[shopper.currency],
});

const pay = byId<HTMLButtonElement>('pay');
const result = byId('result');
const addressForm = byId<HTMLFormElement>('address');
let state: ResultState = 'idle';
let dropin: DropinComponent | undefined;
/** What is due where that is not the price of what the page shows: a part was paid, or the cart changed elsewhere. */
let due: ReturnType<typeof total> | undefined;
let shown: { title: TextKey | null; more: () => string } = { title: null, more: () => '' };

const TITLES: Record<ResultState, TextKey | null> = {
  idle: null,
  paying: 'paying',
  approved: 'approved',
  pending: 'pending',
  failed: 'failed',
};
const isOver = (): boolean => state === 'approved' || state === 'pending';
/** There is no form left to pay with: another try begins with a new checkout. */
let isSpent = false;

/** `more` is asked again when the language changes. */
function showResult(next: ResultState, more: string | (() => string) = '', title: TextKey | null = TITLES[next]): void {
  isSpent = next === 'failed' && (isOver() || !dropin);
  state = next;
  shown = { title, more: typeof more === 'string' ? () => more : more };
  renderResult();
  if (next === 'paying') pay.disabled = true;
}

function renderResult(): void {
  result.dataset.state = state;
  const { title, more } = shown;
  result.replaceChildren(...(title ? [create('strong', { textContent: text(title) })] : []), more());
  pay.hidden = isOver() || isSpent;
  const again = byId('again');
  again.hidden = !pay.hidden;
  again.dataset.t = isSpent ? 'retry' : 'newOrder';
  again.textContent = text(again.dataset.t as TextKey);
  byId<HTMLFieldSetElement>('stored').disabled = isOver();
  if (isOver()) for (const id of ['express', 'payment-element']) byId(id).hidden = true;
}

const view = createPaymentView(
  { language: () => shopper.language, text, canDispute: config.isStripeSimulated, tracesPath: config.tracesPath },
  ({ transactions }: Payment) => {
    // The ledger settles what the browser only knew to be pending; no reload needed.
    const has = (type: string, wanted: string) => transactions.some((t) => t.type === type && t.state === wanted);
    if (state !== 'pending' && state !== 'approved') return;
    if (has('Charge', 'Success')) showResult('approved');
    else if (has('Authorization', 'Success')) showResult('approved', () => text('authorisedText'), 'authorised');
    else if (has('Authorization', 'Failure') && state === 'pending') showResult('failed');
  },
);

// The enabler, as a merchant's page uses it

let enablerModule: Promise<{ Enabler: EnablerConstructor }> | undefined;
const loadEnabler = () => {
  enablerModule ??= (config.isStripeSimulated ? loadScript('/storefront/stripe.js') : Promise.resolve()).then(
    () => import(config.enablerUrl) as Promise<{ Enabler: EnablerConstructor }>,
  );
  // What did not load is loaded again at the next try.
  enablerModule.catch(() => {
    enablerModule = undefined;
  });
  return enablerModule;
};

function loadScript(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = create('script', { src });
    script.addEventListener('load', () => resolve());
    script.addEventListener('error', () => reject(new Error(`${src} did not load`)));
    document.head.append(script);
  });
}

function onComplete(completed: PaymentResult): void {
  if (completed.paymentReference) view.watch(completed.paymentReference);
  const kind = completed.isSuccess ? 'approved' : completed.isPending ? 'pending' : 'failed';
  view.note({
    source: 'browser',
    from: text('browser'),
    what: `onComplete: ${kind}`,
    tone: kind === 'approved' ? 'good' : kind === 'pending' ? 'wait' : 'bad',
  });
  showResult(kind, () => (kind === 'pending' ? text('pendingText') : ''));
  if (kind === 'failed') pay.disabled = false;
}

/** Whether a payment was tried and refused; what is only not complete, not known or changed meanwhile has its own words. */
const isRefusal = ({ name, code }: { name: string; code?: string }): boolean =>
  name === 'PaymentError' && !['cart_changed', 'amount_changed', 'requires_action'].includes(code ?? '');

function onError(
  error: Error & { code?: string; type?: string; declineCode?: string; amountDue?: ReturnType<typeof total> },
  context?: { paymentReference?: string },
): void {
  if (context?.paymentReference) view.watch(context.paymentReference);
  const code = [error.code, error.declineCode].filter(Boolean).join(', ');
  view.note({ source: 'browser', from: text('browser'), what: `onError: ${code}`, tone: 'bad' });
  // Closing a wallet is the shopper's choice, and what is not complete is shown at its field: nothing was tried.
  if (error.name === 'CANCEL' || error.type === 'validation_error') {
    showResult('idle');
    pay.disabled = !dropin;
    return;
  }
  if (error.amountDue) {
    due = error.amountDue;
    render();
  }
  showResult('failed', error.message, isRefusal(error) ? 'failed' : null);
  pay.disabled = !dropin;
}

const enablerOptions = (sessionId: string) => ({
  processorUrl: config.processorUrl,
  sessionId,
  locale: shopper.language,
  onComplete,
  onError,
});

let latest = 0;
let checkout: Checkout | undefined;
let payWith: () => Promise<void> = () => Promise.resolve();

/** A new cart and session for what the page shows, and the form to pay it with; only the latest one stays. */
async function startCheckout(): Promise<void> {
  latest += 1;
  const mine = latest;
  const mount = byId('payment-element');
  pay.disabled = true;
  due = undefined;
  mount.setAttribute('aria-busy', 'true');
  mount.hidden = false;
  showResult('idle');
  await dropin?.unmount();
  dropin = undefined;
  try {
    const isCustomer = byId<HTMLInputElement>('customer').checked;
    const [opened, { Enabler }] = await Promise.all([
      callBackend<Checkout>('POST', '/storefront/api/checkouts', {
        currency: shopper.currency,
        quantity: shopper.quantity,
        locale: shopper.language,
        captureMethod: byId<HTMLInputElement>('manual').checked ? 'manual' : 'automatic',
        customer: isCustomer ? (shopper.customerId ?? true) : false,
        address: Object.fromEntries(new FormData(addressForm)),
      }),
      loadEnabler(),
    ]);
    if (mine !== latest) return;
    checkout = opened;
    if (opened.customerId) shopper.customerId = opened.customerId;
    remember();
    sessionStorage.setItem('session', opened.sessionId);
    const enabler = new Enabler(enablerOptions(opened.sessionId));
    const builder = await enabler.createDropinBuilder('embedded');
    if (mine !== latest) return;
    dropin = builder.build({
      onDropinReady: async () => {
        if (mine !== latest) return;
        mount.setAttribute('aria-busy', 'false');
        pay.disabled = false;
      },
    });
    const form = dropin;
    const useForm = () => {
      payWith = () => form.submit();
      mount.hidden = false;
    };
    useForm();
    await dropin.mount('#payment-element');
    // What else there is to pay with must not hold up the form, nor take it down.
    const express = showExpress(enabler, opened, { total: total(), freeShipping: text('free'), onComplete });
    express.catch(() => {
      byId('express').hidden = true;
    });
    const stored = showStoredMethods(enabler, text, (submit) => {
      if (mine !== latest) return;
      if (!submit) return useForm();
      payWith = submit;
      mount.hidden = true;
    });
    stored.catch(() => {
      byId('stored').hidden = true;
    });
  } catch (error) {
    if (mine !== latest) return;
    mount.setAttribute('aria-busy', 'false');
    showResult('failed', `${text('shopDown')} ${error instanceof Error ? error.message : ''}`);
  }
}

pay.addEventListener('click', () => {
  showResult('paying', () => text('payingText'));
  void payWith();
});
byId('again').addEventListener('click', () => {
  view.clear();
  render();
  void startCheckout();
});

// What the shopper chooses

function render(): void {
  document.documentElement.lang = shopper.language;
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]'))
    element.textContent = text(element.dataset.t as TextKey);
  for (const element of document.querySelectorAll<HTMLElement>('[data-t-label]'))
    element.ariaLabel = text(element.dataset.tLabel as TextKey);
  const amount = formatMoney(due ?? total(), shopper.language);
  byId('price').textContent = formatMoney({ ...total(), centAmount: PRICES[shopper.currency] }, shopper.language);
  byId('quantity').textContent = String(shopper.quantity);
  byId('subtotal').textContent = amount;
  byId('total').textContent = amount;
  pay.textContent = `${text('pay')} ${amount}`;
  byId<HTMLButtonElement>('less').disabled = shopper.quantity <= 1;
  byId<HTMLButtonElement>('more').disabled = shopper.quantity >= MAX_QUANTITY;
  const address = new FormData(addressForm);
  byId('address-summary').textContent =
    `${address.get('firstName')} ${address.get('lastName')}, ${address.get('city')}`;
  const names = new Intl.DisplayNames(shopper.language, { type: 'region' });
  for (const option of addressForm.querySelectorAll<HTMLOptionElement>('[name="country"] option'))
    option.textContent = names.of(option.value) ?? option.value;
  showTestCards(shopper.language, () => {
    byId('cards-hint').textContent = text('copied');
  });
  view.render();
}

let restarting: ReturnType<typeof setTimeout> | undefined;
/** Several clicks in a row make one new checkout. */
function changed(): void {
  remember();
  render();
  pay.disabled = true;
  clearTimeout(restarting);
  restarting = setTimeout(() => {
    view.clear();
    void startCheckout();
  }, 250);
}
const choose = (id: string, apply: (value: string) => void) =>
  byId<HTMLSelectElement>(id).addEventListener('change', (event) => {
    apply((event.target as HTMLSelectElement).value);
    changed();
  });

function start(): void {
  byId<HTMLSelectElement>('currency').replaceChildren(
    ...Object.keys(PRICES).map((currency) => create('option', { value: currency, textContent: currency })),
  );
  byId<HTMLSelectElement>('currency').value = shopper.currency;
  byId<HTMLSelectElement>('language').value = shopper.language;
  addressForm
    .querySelector('[name="country"]')
    ?.replaceChildren(...COUNTRIES.map((value) => create('option', { value })));
  const ada = {
    firstName: 'Ada',
    lastName: 'Lovelace',
    streetName: 'Torstraße 1',
    postalCode: '10119',
    city: 'Berlin',
    country: 'DE',
    email: 'ada@example.com',
  };
  for (const [name, value] of Object.entries(ada))
    (addressForm.elements.namedItem(name) as HTMLInputElement).value = value;

  choose('currency', (value) => {
    shopper.currency = value as Currency;
  });
  byId<HTMLSelectElement>('language').addEventListener('change', (event) => {
    const { value } = event.target as HTMLSelectElement;
    if (isLanguage(value)) shopper.language = value;
    if (!isOver()) {
      changed();
      return;
    }
    // A finished order stays on the page, in the new language.
    remember();
    render();
    renderResult();
  });
  for (const id of ['manual', 'customer']) byId(id).addEventListener('change', changed);
  for (const [id, step] of [
    ['less', -1],
    ['more', 1],
  ] as const) {
    byId(id).addEventListener('click', () => {
      shopper.quantity = Math.min(MAX_QUANTITY, Math.max(1, shopper.quantity + step));
      changed();
    });
  }
  addressForm.addEventListener('submit', (event) => event.preventDefault());
  addressForm.addEventListener('change', () => {
    render();
    if (!checkout || !addressForm.checkValidity()) return;
    // The form stays as it is: an address does not change what is due here.
    callBackend(
      'PUT',
      `/storefront/api/carts/${checkout.cartId}/address`,
      Object.fromEntries(new FormData(addressForm)),
    ).catch((error: Error) => showResult('failed', error.message));
  });
  showFaults(config.switches);
  if (config.hasMetrics) showMetrics();
  render();
}

/** The shopper comes back from a bank or a wallet: the earlier session's payment is asked for, not a new one started. */
async function resumeOrStart(): Promise<void> {
  const session = sessionStorage.getItem('session');
  const isReturn = new URLSearchParams(location.search).has('payment_intent');
  if (!isReturn || !session) return startCheckout();
  showResult('paying', () => text('payingText'));
  const { Enabler } = await loadEnabler();
  const url = location.href;
  // The address bar, the history and referrers are no place for a client secret.
  history.replaceState(null, '', '/');
  await new Enabler(enablerOptions(session)).resume(url);
  byId('payment-element').setAttribute('aria-busy', 'false');
}

start();
void resumeOrStart();
