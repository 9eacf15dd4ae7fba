import { type Currency, PRICES } from '../catalogue.ts';
import { byId, create, formatMoney } from './dom.ts';
import { MAX_QUANTITY, type Money, price, shopper, text, total } from './shopper.ts';
import { isLanguage } from './texts.ts';

/** Connects the shopper's choices beside the address. A new language alone needs no new checkout. */
export function wireChoices({ onChange, onLanguage }: { onChange: () => void; onLanguage: () => void }): void {
  const currency = byId<HTMLSelectElement>('currency');
  currency.replaceChildren(...Object.keys(PRICES).map((value) => create('option', { value, textContent: value })));
  currency.value = shopper.currency;
  currency.addEventListener('change', () => {
    shopper.currency = currency.value as Currency;
    onChange();
  });
  const language = byId<HTMLSelectElement>('language');
  language.value = shopper.language;
  language.addEventListener('change', () => {
    if (isLanguage(language.value)) shopper.language = language.value;
    onLanguage();
  });
  for (const id of ['manual', 'customer']) byId(id).addEventListener('change', onChange);
  const step = (by: 1 | -1) => () => {
    shopper.quantity = Math.min(MAX_QUANTITY, Math.max(1, shopper.quantity + by));
    onChange();
  };
  byId('less').addEventListener('click', step(-1));
  byId('more').addEventListener('click', step(1));
}

/** Writes the page's own texts in the shopper's language. */
export function renderTexts(): void {
  document.documentElement.lang = shopper.language;
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]'))
    element.textContent = text(element.dataset.t as Parameters<typeof text>[0]);
  for (const element of document.querySelectorAll<HTMLElement>('[data-t-label]'))
    element.ariaLabel = text(element.dataset.tLabel as Parameters<typeof text>[0]);
}

/** Writes price, quantity and the amount due; `due` when that is not the total of the page. */
export function renderAmounts(due: Money = total()): void {
  const amount = formatMoney(due, shopper.language);
  byId('price').textContent = formatMoney(price(), shopper.language);
  byId('quantity').textContent = String(shopper.quantity);
  byId('subtotal').textContent = amount;
  byId('total').textContent = amount;
  byId('pay').textContent = `${text('pay')} ${amount}`;
  byId<HTMLButtonElement>('less').disabled = shopper.quantity <= 1;
  byId<HTMLButtonElement>('more').disabled = shopper.quantity >= MAX_QUANTITY;
}
