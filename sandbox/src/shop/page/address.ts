import { DEFAULT_ADDRESS } from '../catalogue.ts';
import { byId, create } from './dom.ts';
import { shopper } from './shopper.ts';

const COUNTRIES = ['DE', 'AT', 'CH', 'FR', 'NL', 'BE', 'PL', 'ES', 'IT', 'GB', 'US', 'JP', 'KW'];

const form = byId<HTMLFormElement>('address');

/** The present content of the address form. */
export const address = (): Record<string, FormDataEntryValue> => Object.fromEntries(new FormData(form));

/** Fills in the default address; `onChange` gets each change, and whether the address is complete. */
export function wireAddress(onChange: (isValid: boolean) => void): void {
  form.querySelector('[name="country"]')?.replaceChildren(...COUNTRIES.map((value) => create('option', { value })));
  for (const [name, value] of Object.entries(DEFAULT_ADDRESS))
    (form.elements.namedItem(name) as HTMLInputElement).value = value;
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', () => onChange(form.checkValidity()));
}

/** Writes the summary, and the countries in the shopper's language. */
export function renderAddress(): void {
  const { firstName, lastName, city } = address();
  byId('address-summary').textContent = `${firstName} ${lastName}, ${city}`;
  const names = new Intl.DisplayNames(shopper.language, { type: 'region' });
  for (const option of form.querySelectorAll<HTMLOptionElement>('[name="country"] option'))
    option.textContent = names.of(option.value) ?? option.value;
}
