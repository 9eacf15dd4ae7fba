/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { create, dress } from './dom.ts';
import type { ElementsContext } from './elements-context.ts';

export interface LineItem {
  name: string;
  amount: number;
}

export interface ShippingRate {
  id: string;
  amount: number;
  displayName: string;
}

export const ADDRESSES = [
  { name: 'Jenny Rosen', line1: 'Torstraße 12', city: 'Berlin', state: 'Berlin', postal_code: '10119', country: 'DE' },
  {
    name: 'Marie Durand',
    line1: '12 Rue de Rivoli',
    city: 'Paris',
    state: 'Île-de-France',
    postal_code: '75001',
    country: 'FR',
  },
  {
    name: 'John Smith',
    line1: '354 Oyster Point Blvd',
    city: 'South San Francisco',
    state: 'CA',
    postal_code: '94080',
    country: 'US',
  },
] as const;
export type SampleAddress = (typeof ADDRESSES)[number];

interface SheetContent {
  addresses: SampleAddress[];
  asksAddress: boolean;
  lineItems: LineItem[];
  rates: ShippingRate[];
}

/** The wallet's own window, as a dialog of the page. */
export class Sheet {
  onCancel: () => void = () => {};
  onAddress: () => void = () => {};
  onRate: () => void = () => {};
  onConfirm: () => void = () => {};
  address: SampleAddress;
  rate: ShippingRate | undefined;
  readonly #group: ElementsContext;
  readonly #dialog: HTMLDialogElement;
  readonly #lines = create('div', { id: 'express-lines' });
  readonly #rates = create('fieldset', { class: 'sjs-saved' });
  readonly #error = create('div', { class: 'sjs-error', role: 'alert' });
  readonly #confirm: HTMLButtonElement;

  constructor(group: ElementsContext, content: SheetContent) {
    this.#group = group;
    const { texts } = group;
    this.address = content.addresses[0] ?? ADDRESSES[0];
    this.#dialog = create('dialog', { id: 'express-sheet', 'aria-label': texts.wallet });
    dress(this.#dialog, group.options.appearance);
    const cancel = create('button', { type: 'button', class: 'sjs-secondary', id: 'express-cancel' }, texts.cancel);
    this.#confirm = create('button', { type: 'button', class: 'sjs-primary', id: 'express-confirm' }, texts.pay);
    cancel.addEventListener('click', () => this.onCancel());
    this.#confirm.addEventListener('click', () => this.onConfirm());
    this.#dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.onCancel();
    });
    this.#dialog.append(create('h2', {}, texts.wallet), this.#lines);
    if (content.asksAddress) {
      const select = create('select', { class: 'sjs-input', id: 'express-address' });
      content.addresses.forEach((address, index) => {
        select.append(
          create(
            'option',
            { value: String(index) },
            `${address.name}, ${address.line1}, ${address.city} (${address.country})`,
          ),
        );
      });
      select.addEventListener('change', () => {
        this.address = content.addresses[Number(select.value)] ?? this.address;
        this.onAddress();
      });
      this.#dialog.append(
        create('label', { class: 'sjs-label', for: 'express-address' }, texts.shipTo),
        select,
        this.#rates,
      );
    }
    this.#dialog.append(this.#error, this.#confirm, cancel);
    this.setRates(content.rates);
    this.setLineItems(content.lineItems);
  }

  show(): void {
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#confirm.focus();
  }

  close(): void {
    this.#dialog.close();
    this.#dialog.remove();
  }

  setBusy(isBusy: boolean): void {
    this.#confirm.disabled = isBusy;
    if (isBusy) this.#error.textContent = '';
  }

  fail(message: string): void {
    this.setBusy(false);
    this.#error.textContent = message;
  }

  setLineItems(items: readonly LineItem[]): void {
    const total = this.#group.amount;
    const line = (name: string, amount: number): HTMLElement =>
      create('div', { class: 'sjs-line' }, create('span', {}, name), create('span', {}, this.#group.money(amount)));
    this.#lines.replaceChildren(
      ...items.map(({ name, amount }) => line(name, amount)),
      line(this.#group.texts.total, total),
    );
  }

  /** The first rate is the chosen one, as in the wallets. */
  setRates(rates: readonly ShippingRate[]): void {
    this.rate = rates[0];
    this.#rates.replaceChildren(create('legend', {}, this.#group.texts.shipBy));
    for (const rate of rates) {
      const input = create('input', { type: 'radio', name: 'express-rate', value: rate.id });
      input.checked = rate.id === this.rate?.id;
      input.addEventListener('change', () => {
        this.rate = rate;
        this.onRate();
      });
      this.#rates.append(
        create('label', { class: 'sjs-check' }, input, `${rate.displayName} (${this.#group.money(rate.amount)})`),
      );
    }
  }
}
