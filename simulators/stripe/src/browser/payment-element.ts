/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { FormValue } from './api.ts';
import { create, dress, freeId } from './dom.ts';
import { BaseElement } from './element.ts';
import type { ElementsContext, SavedMethod } from './elements-context.ts';
import { IntegrationError, type StripeError } from './errors.ts';
import { methodTabs, savedMethods } from './method-choice.ts';
import { formOf, isPaidLater, labelOf, PaymentFields } from './payment-fields.ts';

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

/** The stand-in's form: cards, SEPA Debit, a redirect, and what the customer saved. */
export class PaymentElement extends BaseElement {
  readonly #group: ElementsContext;
  #options: PaymentElementOptions;
  #type = '';
  #saved: SavedMethod | null = null;
  readonly #fields: PaymentFields;
  #saveBox: HTMLInputElement | null = null;
  #isReady = false;
  #lastChange = '';

  constructor(group: ElementsContext, options: PaymentElementOptions, onDestroy: () => void) {
    super('payment', onDestroy);
    this.#group = group;
    this.#options = options;
    this.#fields = new PaymentFields(group, () => this.#changed());
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
    const problem = this.#fields.validate();
    return problem && { type: 'validation_error', code: problem, message: this.#group.texts[problem] };
  }

  /** What the form asks for and the page promised to bring itself. Throws IntegrationError when it brought nothing. */
  checkPromises(billing: BillingDetails | undefined): void {
    const needsName = this.selectedType === 'sepa_debit' || isPaidLater(this.selectedType);
    const needed = needsName ? ['name', 'email'] : [];
    for (const name of [...needed, ...(this.#asks('address') ? [] : ['address'])]) {
      if (!this.#asks(name) && !billing?.[name as keyof BillingDetails]) {
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
    const value = (name: string): string => this.#fields.value(name);
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

  /** Whether the form asks for this billing detail, or the page brings it itself. */
  #asks(name: string): boolean {
    const fields = this.#options.fields?.billingDetails;
    return fields !== 'never' && !(typeof fields === 'object' && fields[name] === 'never');
  }

  #draw(): void {
    const { root } = this;
    if (!root) return;
    this.#fields.clear();
    // Gives the ids free, which the new fields get again.
    root.replaceChildren();
    this.#saveBox = null;
    dress(root, this.#group.options.appearance);
    root.replaceChildren(create('div', { role: 'group', 'aria-label': this.#group.texts.methods }, ...this.#choices()));
    for (const input of root.querySelectorAll<HTMLInputElement>('input')) {
      input.disabled = this.#options.readOnly === true;
      input.addEventListener('focus', () => this.emit('focus', {}));
      input.addEventListener('blur', () => this.emit('blur', {}));
      input.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') this.emit('escape', {});
      });
    }
  }

  /** What the customer saved, and unless one of it is chosen the methods with the form of the selected one. */
  #choices(): HTMLElement[] {
    const { savedMethods: saved, texts } = this.#group;
    const types = this.#types();
    if (!types.includes(this.#type)) this.#type = types[0] ?? 'card';
    const choices =
      saved.length > 0 ? [savedMethods(saved, this.#saved, texts, (method) => this.#chooseSaved(method))] : [];
    if (this.#saved) return choices;
    if (types.length > 1) choices.push(this.#tabs(types));
    choices.push(this.#panel());
    if (this.#group.features?.payment_method_save === 'enabled' && this.#type === 'card') {
      const id = freeId('save-payment-method');
      this.#saveBox = create('input', { type: 'checkbox', id, name: 'save-payment-method' });
      choices.push(create('label', { class: 'sjs-check', for: id }, this.#saveBox, texts.save));
    }
    return choices;
  }

  #types(): string[] {
    const available = this.#group.methodTypes;
    const order = this.#options.paymentMethodOrder ?? [];
    const rank = (type: string): number => (order.includes(type) ? order.indexOf(type) : order.length);
    return available.toSorted((a, b) => rank(a) - rank(b));
  }

  #tabs(types: readonly string[]): HTMLElement {
    const { layout } = this.#options;
    const isAccordion = (typeof layout === 'string' ? layout : layout?.type) === 'accordion';
    const choose = (type: string): void => this.#choose(type);
    return methodTabs(types, this.#type, { isAccordion, texts: this.#group.texts, choose });
  }

  #choose(type: string): void {
    if (type === this.#type || this.#options.readOnly) return;
    this.#type = type;
    this.#draw();
    this.root?.querySelector<HTMLElement>('[aria-selected=true]')?.focus();
    this.#changed();
  }

  #chooseSaved(method: SavedMethod | null): void {
    this.#saved = method;
    this.#draw();
    this.#changed();
    this.root?.querySelector<HTMLInputElement>('.sjs-saved input:checked')?.focus();
  }

  #panel(): HTMLElement {
    const { texts } = this.#group;
    const { fields, note } = formOf(this.#type, (name) => this.#asks(name));
    const { name, email }: { name?: string; email?: string } = this.#options.defaultValues?.billingDetails ?? {};
    const initial: Record<string, string | undefined> = { name, email };
    return create(
      'div',
      { class: 'sjs-panel', role: 'tabpanel', 'aria-label': labelOf(this.#type, texts) },
      ...fields.map((field) => this.#fields.add(field, initial[field.name])),
      ...(note ? [create('p', { class: 'sjs-note' }, texts[note])] : []),
    );
  }

  #changed(): void {
    const complete = this.#saved !== null || this.#fields.isComplete;
    const empty = this.#saved === null && this.#fields.isEmpty;
    const value = { type: this.selectedType, ...(this.#saved ? { payment_method: this.#saved } : {}) };
    const event = { complete, empty, collapsed: false, value };
    const text = JSON.stringify(event);
    if (text === this.#lastChange) return;
    this.#lastChange = text;
    this.emit('change', event);
  }
}
