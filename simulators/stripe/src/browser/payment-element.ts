/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { FormValue } from './api.ts';
import { create, dress, freeId } from './dom.ts';
import { BaseElement } from './element.ts';
import type { ElementsContext, SavedMethod } from './elements-context.ts';
import { IntegrationError, type StripeError } from './errors.ts';
import {
  formatExpiry,
  formatIban,
  formatNumber,
  problemOfCvc,
  problemOfEmail,
  problemOfExpiry,
  problemOfIban,
  problemOfName,
  problemOfNumber,
  problemOfTaxId,
} from './fields.ts';
import type { TextKey, Texts } from './texts.ts';

export interface PaymentElementOptions {
  layout?: string | { type?: string; defaultCollapsed?: boolean };
  fields?: { billingDetails?: string | Record<string, unknown> };
  paymentMethodOrder?: string[];
  readOnly?: boolean;
  defaultValues?: { billingDetails?: { name?: string; email?: string } };
  [option: string]: unknown;
}

export type BillingDetails = {
  name?: string | null;
  email?: string | null;
  phone?: string | null;
  address?: Record<string, FormValue>;
};

interface Field {
  input: HTMLInputElement;
  error: HTMLElement;
  problem: () => TextKey | null;
}

const LABELS: Record<string, TextKey> = { card: 'card', sepa_debit: 'sepa', customer_balance: 'bankTransfer' };
/** Vouchers go by their brand in every language. */
const BRANDS: Record<string, string> = {
  boleto: 'Boleto',
  konbini: 'Konbini (コンビニ)',
  multibanco: 'Multibanco',
  oxxo: 'OXXO',
};
const isPaidLater = (type: string): boolean => type in BRANDS || type === 'customer_balance';
const labelOf = (type: string, texts: Texts): string => BRANDS[type] ?? texts[LABELS[type] ?? 'redirect'];

/** The stand-in's form: cards, SEPA Debit, a redirect, and what the customer saved. */
export class PaymentElement extends BaseElement {
  readonly #group: ElementsContext;
  #options: PaymentElementOptions;
  #type = '';
  #saved: SavedMethod | null = null;
  #fields = new Map<string, Field>();
  #saveBox: HTMLInputElement | null = null;
  #values = new Map<string, string>();
  #isReady = false;
  #lastChange = '';

  constructor(group: ElementsContext, options: PaymentElementOptions, onDestroy: () => void) {
    super('payment', onDestroy);
    this.#group = group;
    this.#options = options;
  }

  get selectedType(): string {
    return this.#saved?.type ?? this.#type;
  }

  update(options: PaymentElementOptions): this {
    this.#options = { ...this.#options, ...options };
    if (this.#isReady) this.#draw();
    return this;
  }

  override collapse(): void {
    this.blur();
  }

  /** Draws again, for instance in another look or for another amount. */
  refresh(): void {
    if (this.#isReady && this.root) this.#draw();
  }

  protected override render(root: HTMLElement): void {
    dress(root, this.#group.options.appearance);
    void this.#group.session.then(({ error }) => {
      if (this.root !== root) return;
      if (error) {
        this.emit('loaderror', { error });
        return;
      }
      [this.#saved = null] = this.#group.savedMethods;
      this.#isReady = true;
      this.#draw();
      this.emit('ready', {});
      this.#changed();
    });
  }

  override unmount(): void {
    super.unmount();
    this.#isReady = false;
  }

  /** The first problem of the input, shown at its field; null when it can be sent. */
  validate(): StripeError | null {
    if (this.#saved) return null;
    let first: StripeError | null = null;
    for (const field of this.#fields.values()) {
      const problem = field.problem();
      this.#show(field, problem);
      if (problem && !first) {
        first = { type: 'validation_error', code: problem, message: this.#group.texts[problem] };
        field.input.focus();
      }
    }
    return first;
  }

  /** What the form asks for and the page promised to bring itself. Throws IntegrationError when it brought nothing. */
  checkPromises(billing: BillingDetails | undefined): void {
    const fields = this.#options.fields?.billingDetails;
    const never = (name: string): boolean =>
      fields === 'never' || (typeof fields === 'object' && fields[name] === 'never');
    const needsName = this.selectedType === 'sepa_debit' || isPaidLater(this.selectedType);
    const needed = needsName ? ['name', 'email'] : [];
    for (const name of [...needed, ...(never('address') ? ['address'] : [])]) {
      if (never(name) && !billing?.[name as keyof BillingDetails]) {
        throw new IntegrationError(
          `You specified "never" for fields.billing_details.${name} when creating the payment Element, but did not pass confirmParams.payment_method_data.billing_details.${name} when calling stripe.confirmPayment(). If you opt out of collecting data via the payment Element using the fields option, the data must be passed in when calling stripe.confirmPayment().`,
        );
      }
    }
  }

  /** The parameters of a confirmation with what the shopper entered. */
  params(given: BillingDetails | undefined, futureUsage: string | null): Record<string, FormValue> {
    if (this.#saved) return { payment_method: this.#saved.id };
    const isSaved = this.#saveBox?.checked ?? false;
    const value = (name: string): string => this.#fields.get(name)?.input.value.trim() ?? '';
    const billing: BillingDetails = {
      ...(this.#fields.has('name') ? { name: value('name'), email: value('email') } : {}),
      ...given,
    };
    const data: Record<string, FormValue> = {
      type: this.#type,
      billing_details: billing as FormValue,
      allow_redisplay: isSaved ? 'always' : futureUsage ? 'limited' : 'unspecified',
    };
    if (this.#type === 'card') {
      const [month = '', year = ''] = value('expiry').split(' / ');
      data.card = { number: value('number').replaceAll(' ', ''), exp_month: month, exp_year: year, cvc: value('cvc') };
    } else if (this.#type === 'sepa_debit') data.sepa_debit = { iban: value('iban').replaceAll(' ', '') };
    else if (this.#type === 'boleto') data.boleto = { tax_id: value('tax') };
    const usage = this.#group.features?.payment_method_save_usage;
    return { payment_method_data: data, ...(isSaved && usage ? { setup_future_usage: usage } : {}) };
  }

  #draw(): void {
    const { root } = this;
    if (!root) return;
    for (const [name, { input }] of this.#fields) this.#values.set(name, input.value);
    this.#fields.clear();
    // Gives the ids free, which the new fields get again.
    root.replaceChildren();
    this.#saveBox = null;
    dress(root, this.#group.options.appearance);
    const types = this.#types();
    if (!types.includes(this.#type)) this.#type = types[0] ?? 'card';
    const form = create('div', { role: 'group', 'aria-label': this.#group.texts.methods });
    const { savedMethods: saved, texts } = this.#group;
    if (saved.length > 0) form.append(this.#savedList(saved));
    if (!this.#saved) {
      if (types.length > 1) form.append(this.#tabs(types));
      form.append(this.#panel());
      if (this.#group.features?.payment_method_save === 'enabled' && this.#type === 'card') {
        const id = freeId('save-payment-method');
        this.#saveBox = create('input', { type: 'checkbox', id, name: 'save-payment-method' });
        form.append(create('label', { class: 'sjs-check', for: id }, this.#saveBox, texts.save));
      }
    }
    root.replaceChildren(form);
    for (const input of root.querySelectorAll<HTMLInputElement>('input')) {
      input.disabled = this.#options.readOnly === true;
      input.addEventListener('focus', () => this.emit('focus', {}));
      input.addEventListener('blur', () => this.emit('blur', {}));
      input.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') this.emit('escape', {});
      });
    }
  }

  #types(): string[] {
    const available = this.#group.methodTypes;
    const order = this.#options.paymentMethodOrder ?? [];
    const rank = (type: string): number => (order.includes(type) ? order.indexOf(type) : order.length);
    return available.toSorted((a, b) => rank(a) - rank(b));
  }

  #tabs(types: string[]): HTMLElement {
    const { layout } = this.#options;
    const kind = typeof layout === 'string' ? layout : layout?.type;
    const tabs = create('div', {
      class: kind === 'accordion' ? 'sjs-tabs sjs-accordion' : 'sjs-tabs',
      role: 'tablist',
    });
    for (const type of types) {
      const isSelected = type === this.#type;
      const tab = create(
        'button',
        {
          type: 'button',
          role: 'tab',
          class: 'sjs-tab',
          id: freeId(`${type}-tab`),
          'data-method': type,
          'aria-selected': String(isSelected),
          tabindex: isSelected ? '0' : '-1',
        },
        labelOf(type, this.#group.texts),
      );
      tab.addEventListener('click', () => this.#choose(type));
      tab.addEventListener('keydown', (event) => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        const next = step && types[(types.indexOf(type) + step + types.length) % types.length];
        if (!next) return;
        event.preventDefault();
        this.#choose(next);
      });
      tabs.append(tab);
    }
    return tabs;
  }

  #choose(type: string): void {
    if (type === this.#type || this.#options.readOnly) return;
    this.#type = type;
    this.#draw();
    this.root?.querySelector<HTMLElement>('[aria-selected=true]')?.focus();
    this.#changed();
  }

  #savedList(saved: readonly SavedMethod[]): HTMLElement {
    const { texts } = this.#group;
    const list = create('fieldset', { class: 'sjs-saved' }, create('legend', {}, texts.saved));
    const name = freeId('saved-payment-method');
    const option = (method: SavedMethod | null, label: string): void => {
      const input = create('input', {
        type: 'radio',
        name,
        value: method?.id ?? '',
        id: freeId(method ? `saved-${method.id}` : 'saved-none'),
      });
      input.checked = this.#saved === method;
      input.addEventListener('change', () => {
        this.#saved = method;
        this.#draw();
        this.#changed();
        this.root?.querySelector<HTMLInputElement>('.sjs-saved input:checked')?.focus();
      });
      list.append(create('label', { class: 'sjs-check' }, input, label));
    };
    for (const method of saved) {
      const { card, sepa_debit: sepa } = method;
      option(
        method,
        card
          ? `${card.brand[0]?.toUpperCase()}${card.brand.slice(1)} •••• ${card.last4} (${card.exp_month}/${card.exp_year % 100})`
          : `SEPA •••• ${sepa?.last4 ?? ''}`,
      );
    }
    option(null, texts.another);
    return list;
  }

  #panel(): HTMLElement {
    const { texts } = this.#group;
    const panel = create('div', {
      class: 'sjs-panel',
      role: 'tabpanel',
      'aria-label': labelOf(this.#type, texts),
    });
    if (this.#type === 'card') {
      const number = (): string => this.#fields.get('number')?.input.value ?? '';
      panel.append(
        this.#field(
          'number',
          'card-number',
          texts.number,
          '1234 1234 1234 1234',
          'cc-number',
          formatNumber,
          problemOfNumber,
        ),
        this.#field(
          'expiry',
          'card-expiry',
          texts.expiry,
          texts.expiryHint,
          'cc-exp',
          formatExpiry,
          (text) => problemOfExpiry(text, new Date()),
          true,
        ),
        this.#field(
          'cvc',
          'card-cvc',
          texts.cvc,
          texts.cvcHint,
          'cc-csc',
          (text) => text.replace(/\D/g, '').slice(0, 4),
          (text) => problemOfCvc(text, number()),
          true,
        ),
      );
      return panel;
    }
    if (this.#type === 'sepa_debit') {
      panel.append(
        this.#field('iban', 'sepa-iban', texts.iban, 'DE00 0000 0000 0000 0000 00', 'off', formatIban, problemOfIban),
        ...this.#who('sepa'),
        create('p', { class: 'sjs-note' }, texts.sepaNote),
      );
      return panel;
    }
    if (isPaidLater(this.#type)) {
      panel.append(...this.#who('voucher'));
      if (this.#type === 'boleto')
        panel.append(this.#field('tax', 'boleto-tax-id', texts.taxId, '', 'off', String, problemOfTaxId));
      panel.append(create('p', { class: 'sjs-note' }, texts.voucherHint));
      return panel;
    }
    panel.append(create('p', { class: 'sjs-note' }, texts.redirectNote));
    return panel;
  }

  /** The shopper's name and e-mail address, as far as the page does not bring them itself. */
  #who(form: string): HTMLElement[] {
    const { texts } = this.#group;
    const fields = this.#options.fields?.billingDetails;
    const asks = (name: string): boolean =>
      fields !== 'never' && !(typeof fields === 'object' && fields[name] === 'never');
    return [
      ...(asks('name') ? [this.#field('name', `${form}-name`, texts.name, '', 'name', String, problemOfName)] : []),
      ...(asks('email')
        ? [this.#field('email', `${form}-email`, texts.email, '', 'email', String, problemOfEmail)]
        : []),
    ];
  }

  #field(
    name: string,
    id: string,
    label: string,
    placeholder: string,
    autocomplete: string,
    format: (text: string) => string,
    problemOf: (text: string) => TextKey | null,
    isHalf = false,
  ): HTMLElement {
    const inputId = freeId(id);
    const input = create('input', {
      class: 'sjs-input',
      id: inputId,
      name: id,
      placeholder,
      autocomplete,
      inputmode: ['number', 'expiry', 'cvc'].includes(name) ? 'numeric' : 'text',
      'aria-describedby': `${inputId}-error`,
    });
    const defaults = this.#options.defaultValues?.billingDetails ?? {};
    input.value =
      this.#values.get(name) ?? (name === 'name' ? defaults.name : name === 'email' ? defaults.email : '') ?? '';
    const error = create('div', { class: 'sjs-error', id: `${inputId}-error`, role: 'alert' });
    const field: Field = { input, error, problem: () => problemOf(input.value) };
    this.#fields.set(name, field);
    input.addEventListener('input', () => {
      const formatted = format(input.value);
      if (formatted !== input.value) input.value = formatted;
      this.#show(field, null);
      this.#changed();
    });
    input.addEventListener('blur', () => {
      if (input.value !== '') this.#show(field, field.problem());
    });
    const caption = create('label', { class: 'sjs-label', for: inputId }, label);
    return create('div', { class: isHalf ? 'sjs-field sjs-half' : 'sjs-field' }, caption, input, error);
  }

  #show(field: Field, problem: TextKey | null): void {
    field.error.textContent = problem ? this.#group.texts[problem] : '';
    if (problem) field.input.setAttribute('aria-invalid', 'true');
    else field.input.removeAttribute('aria-invalid');
  }

  #changed(): void {
    const fields = [...this.#fields.values()];
    const complete = this.#saved !== null || fields.every(({ problem }) => problem() === null);
    const empty = this.#saved === null && fields.every(({ input }) => input.value === '');
    const value = { type: this.selectedType, ...(this.#saved ? { payment_method: this.#saved } : {}) };
    const event = { complete, empty, collapsed: false, value };
    const text = JSON.stringify(event);
    if (text === this.#lastChange) return;
    this.#lastChange = text;
    this.emit('change', event);
  }
}
