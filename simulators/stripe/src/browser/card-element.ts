/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { FormValue } from './api.ts';
import { create, dress, freeId } from './dom.ts';
import { BaseElement } from './element.ts';
import type { ElementsContext } from './elements-context.ts';
import type { StripeError } from './errors.ts';
import { brandOf, formatExpiry, formatNumber, problemOfCvc, problemOfExpiry, problemOfNumber } from './fields.ts';
import type { TextKey } from './texts.ts';

export interface CardElementOptions {
  disabled?: boolean;
  [option: string]: unknown;
}

const PARTS = ['number', 'expiry', 'cvc'] as const;
type Part = (typeof PARTS)[number];

const AUTOCOMPLETE: Record<Part, string> = { number: 'cc-number', expiry: 'cc-exp', cvc: 'cc-csc' };
const FORMAT: Record<Part, (text: string) => string> = {
  number: formatNumber,
  expiry: formatExpiry,
  cvc: (text) => text.replace(/\D/g, '').slice(0, 4),
};

/** The stand-in's Card Element: number, expiry and security code in one row, without labels of its own on the page. */
export class CardElement extends BaseElement {
  readonly #group: ElementsContext;
  #options: CardElementOptions;
  readonly #inputs = new Map<Part, HTMLInputElement>();

  constructor(group: ElementsContext, options: CardElementOptions, onDestroy: () => void) {
    super('card', onDestroy);
    this.#group = group;
    this.#options = options;
  }

  update(options: CardElementOptions): this {
    this.#options = { ...this.#options, ...options };
    for (const input of this.#inputs.values()) input.disabled = this.#options.disabled === true;
    return this;
  }

  clear(): void {
    for (const input of this.#inputs.values()) input.value = '';
    this.#changed();
  }

  /** The card as `payment_method_data[card]`, or what is wrong with it. */
  read(): { card?: Record<string, FormValue>; error?: StripeError } {
    const problem = this.#problem(() => true);
    if (problem) {
      this.#mark(problem.part);
      return { error: this.#error(problem.key) };
    }
    const [month = '', year = ''] = this.#value('expiry').split(' / ');
    const number = this.#value('number').replaceAll(' ', '');
    return { card: { number, exp_month: month, exp_year: year, cvc: this.#value('cvc') } };
  }

  protected override render(root: HTMLElement): void {
    const { texts } = this.#group;
    dress(root, this.#group.options.appearance);
    root.classList.add('sjs-row');
    this.#inputs.clear();
    const placeholders: Record<Part, string> = {
      number: '1234 1234 1234 1234',
      expiry: texts.expiryHint,
      cvc: texts.cvcHint,
    };
    for (const part of PARTS) {
      const input = create('input', {
        class: 'sjs-input',
        id: freeId(`card-${part}`),
        name: `card-${part}`,
        'aria-label': texts[part],
        placeholder: placeholders[part],
        autocomplete: AUTOCOMPLETE[part],
        inputmode: 'numeric',
      });
      input.disabled = this.#options.disabled === true;
      input.addEventListener('input', () => {
        const formatted = FORMAT[part](input.value);
        if (formatted !== input.value) input.value = formatted;
        this.#changed();
      });
      input.addEventListener('focus', () => this.emit('focus', {}));
      input.addEventListener('blur', () => {
        this.#changed(part);
        this.emit('blur', {});
      });
      input.addEventListener('keydown', (event) => {
        if (event.key === 'Escape') this.emit('escape', {});
      });
      this.#inputs.set(part, input);
      root.append(input);
    }
    // As with Stripe.js the page is told of it after mount has returned.
    queueMicrotask(() => this.root === root && this.emit('ready', {}));
  }

  #value = (part: Part): string => this.#inputs.get(part)?.value.trim() ?? '';

  #problem(isTold: (part: Part) => boolean): { part: Part; key: TextKey } | undefined {
    const problems: Record<Part, TextKey | null> = {
      number: problemOfNumber(this.#value('number')),
      expiry: problemOfExpiry(this.#value('expiry'), new Date()),
      cvc: problemOfCvc(this.#value('cvc'), this.#value('number')),
    };
    for (const part of PARTS) {
      const key = problems[part];
      if (key && isTold(part)) return { part, key };
    }
    return undefined;
  }

  #error = (key: TextKey): StripeError => ({ type: 'validation_error', code: key, message: this.#group.texts[key] });

  #mark(wrong: Part | undefined): void {
    for (const [part, input] of this.#inputs) {
      if (part === wrong) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    }
  }

  /** What can't become right any more is told at once, what is only incomplete when the shopper has left the field. */
  #changed(left?: Part): void {
    const isInvalid = (part: Part): boolean =>
      this.#value(part) !== '' && (part === left || !this.#keyOf(part)?.startsWith('incomplete'));
    const told = this.#problem(isInvalid);
    this.#mark(told?.part);
    this.emit('change', {
      complete: this.#problem(() => true) === undefined,
      empty: PARTS.every((part) => this.#value(part) === ''),
      brand: brandOf(this.#value('number')),
      error: told && this.#error(told.key),
      value: { postalCode: '' },
    });
  }

  #keyOf = (part: Part): TextKey | undefined => this.#problem((other) => other === part)?.key;
}
