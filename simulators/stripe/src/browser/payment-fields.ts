/// <reference lib="dom" />
import { create, freeId } from './dom.ts';
import type { ElementsContext } from './elements-context.ts';
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

/** A field of the form: what it is called here and on the page, how input is written, and what is wrong with it. */
interface FieldSpec {
  readonly name: string;
  readonly id: string;
  readonly label: TextKey;
  readonly placeholder?: (texts: Texts) => string;
  readonly autocomplete: string;
  readonly format?: (text: string) => string;
  readonly problemOf: (text: string, entered: (name: string) => string) => TextKey | null;
  readonly isNumeric?: boolean;
  readonly isHalf?: boolean;
}

const CARD: readonly FieldSpec[] = [
  {
    name: 'number',
    id: 'card-number',
    label: 'number',
    placeholder: () => '1234 1234 1234 1234',
    autocomplete: 'cc-number',
    format: formatNumber,
    problemOf: problemOfNumber,
    isNumeric: true,
  },
  {
    name: 'expiry',
    id: 'card-expiry',
    label: 'expiry',
    placeholder: ({ expiryHint }) => expiryHint,
    autocomplete: 'cc-exp',
    format: formatExpiry,
    problemOf: (text) => problemOfExpiry(text, new Date()),
    isNumeric: true,
    isHalf: true,
  },
  {
    name: 'cvc',
    id: 'card-cvc',
    label: 'cvc',
    placeholder: ({ cvcHint }) => cvcHint,
    autocomplete: 'cc-csc',
    format: (text) => text.replace(/\D/g, '').slice(0, 4),
    problemOf: (text, entered) => problemOfCvc(text, entered('number')),
    isNumeric: true,
    isHalf: true,
  },
];

const IBAN: FieldSpec = {
  name: 'iban',
  id: 'sepa-iban',
  label: 'iban',
  placeholder: () => 'DE00 0000 0000 0000 0000 00',
  autocomplete: 'off',
  format: formatIban,
  problemOf: problemOfIban,
};

const TAX_ID: FieldSpec = {
  name: 'tax',
  id: 'boleto-tax-id',
  label: 'taxId',
  autocomplete: 'off',
  problemOf: problemOfTaxId,
};

/** The shopper's name and e-mail address. */
const who = (form: string): readonly FieldSpec[] => [
  { name: 'name', id: `${form}-name`, label: 'name', autocomplete: 'name', problemOf: problemOfName },
  { name: 'email', id: `${form}-email`, label: 'email', autocomplete: 'email', problemOf: problemOfEmail },
];

const LABELS: Record<string, TextKey> = { card: 'card', sepa_debit: 'sepa', customer_balance: 'bankTransfer' };
/** Vouchers go by their brand in every language. */
const BRANDS: Record<string, string> = {
  boleto: 'Boleto',
  konbini: 'Konbini (コンビニ)',
  multibanco: 'Multibanco',
  oxxo: 'OXXO',
};

export const isPaidLater = (type: string): boolean => type in BRANDS || type === 'customer_balance';
export const labelOf = (type: string, texts: Texts): string => BRANDS[type] ?? texts[LABELS[type] ?? 'redirect'];

/** What the form of a method asks for, as far as the page does not bring it itself, and what it says beside. */
export function formOf(
  type: string,
  asks: (name: string) => boolean,
): { fields: readonly FieldSpec[]; note?: TextKey } {
  const asked = (form: string) => who(form).filter(({ name }) => asks(name));
  if (type === 'card') return { fields: CARD };
  if (type === 'sepa_debit') return { fields: [IBAN, ...asked('sepa')], note: 'sepaNote' };
  if (!isPaidLater(type)) return { fields: [], note: 'redirectNote' };
  return { fields: [...asked('voucher'), ...(type === 'boleto' ? [TAX_ID] : [])], note: 'voucherHint' };
}

interface Field {
  readonly input: HTMLInputElement;
  readonly error: HTMLElement;
  readonly problem: () => TextKey | null;
}

/** The fields that are on the page now, and what was entered into those before. */
export class PaymentFields {
  readonly #group: ElementsContext;
  readonly #onChange: () => void;
  readonly #fields = new Map<string, Field>();
  readonly #entered = new Map<string, string>();

  constructor(group: ElementsContext, onChange: () => void) {
    this.#group = group;
    this.#onChange = onChange;
  }

  get isComplete(): boolean {
    return [...this.#fields.values()].every(({ problem }) => problem() === null);
  }

  get isEmpty(): boolean {
    return [...this.#fields.values()].every(({ input }) => input.value === '');
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  value(name: string): string {
    return this.#fields.get(name)?.input.value.trim() ?? '';
  }

  /** Takes the fields away; a field of the same name begins with what was entered. */
  clear(): void {
    for (const [name, { input }] of this.#fields) this.#entered.set(name, input.value);
    this.#fields.clear();
  }

  add(spec: FieldSpec, initial = ''): HTMLElement {
    const { texts } = this.#group;
    const id = freeId(spec.id);
    const input = create('input', {
      class: 'sjs-input',
      id,
      name: spec.id,
      placeholder: spec.placeholder?.(texts) ?? '',
      autocomplete: spec.autocomplete,
      inputmode: spec.isNumeric ? 'numeric' : 'text',
      'aria-describedby': `${id}-error`,
    });
    input.value = this.#entered.get(spec.name) ?? initial;
    const error = create('div', { class: 'sjs-error', id: `${id}-error`, role: 'alert' });
    const entered = (name: string) => this.#fields.get(name)?.input.value ?? '';
    const field: Field = { input, error, problem: () => spec.problemOf(input.value, entered) };
    this.#fields.set(spec.name, field);
    this.#listen(field, spec.format ?? String);
    const caption = create('label', { class: 'sjs-label', for: id }, texts[spec.label]);
    return create('div', { class: spec.isHalf ? 'sjs-field sjs-half' : 'sjs-field' }, caption, input, error);
  }

  /** Shows what is wrong at each field and leads to the first of them; null when nothing is. */
  validate(): TextKey | null {
    let first: TextKey | null = null;
    for (const field of this.#fields.values()) {
      const problem = field.problem();
      this.#show(field, problem);
      if (problem && !first) {
        first = problem;
        field.input.focus();
      }
    }
    return first;
  }

  #listen(field: Field, format: (text: string) => string): void {
    const { input } = field;
    input.addEventListener('input', () => {
      const formatted = format(input.value);
      if (formatted !== input.value) input.value = formatted;
      this.#show(field, null);
      this.#onChange();
    });
    input.addEventListener('blur', () => {
      if (input.value !== '') this.#show(field, field.problem());
    });
  }

  #show(field: Field, problem: TextKey | null): void {
    field.error.textContent = problem ? this.#group.texts[problem] : '';
    if (problem) field.input.setAttribute('aria-invalid', 'true');
    else field.input.removeAttribute('aria-invalid');
  }
}
