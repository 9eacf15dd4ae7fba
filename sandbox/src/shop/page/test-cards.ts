import { byId, create } from './dom.ts';

type Kind = 'succeeds' | 'asks' | 'declined';

/** Stripe's published test cards with a special outcome each. */
const CARDS: [number: string, kind: Kind, label: Record<'en' | 'de' | 'fr', string>][] = [
  ['4242424242424242', 'succeeds', { en: 'Visa, succeeds', de: 'Visa, gelingt', fr: 'Visa, réussit' }],
  [
    '5555555555554444',
    'succeeds',
    { en: 'Mastercard, succeeds', de: 'Mastercard, gelingt', fr: 'Mastercard, réussit' },
  ],
  ['4000002760003184', 'asks', { en: '3-D Secure', de: '3-D Secure', fr: '3-D Secure' }],
  ['4000000000009995', 'declined', { en: 'Insufficient funds', de: 'Keine Deckung', fr: 'Fonds insuffisants' }],
  ['4000000000000002', 'declined', { en: 'Declined', de: 'Abgelehnt', fr: 'Refusée' }],
  ['4000000000000069', 'declined', { en: 'Expired card', de: 'Karte abgelaufen', fr: 'Carte expirée' }],
  ['4000000000000127', 'declined', { en: 'Wrong security code', de: 'Falsche Prüfziffer', fr: 'Mauvais code' }],
  [
    '4000000000000259',
    'succeeds',
    { en: 'Succeeds, then disputed', de: 'Gelingt, dann Widerspruch', fr: 'Réussit, puis litige' },
  ],
  [
    '4000000000005126',
    'succeeds',
    { en: 'Succeeds, its refund fails', de: 'Gelingt, Erstattung scheitert', fr: 'Réussit, remboursement échoue' },
  ],
];

const grouped = (number: string): string => number.replaceAll(/(\d{4})(?=\d)/g, '$1 ');

/** Lists the cards. A click fills the stand-in's form, or copies the number when the form is Stripe's own. */
export function showTestCards(language: 'en' | 'de' | 'fr', onCopied: () => void): void {
  byId('cards').replaceChildren(
    ...CARDS.map(([number, kind, label]) => {
      const button = create(
        'button',
        { type: 'button' },
        create('span', { className: 'label' }, label[language]),
        create('span', { className: 'number' }, grouped(number)),
      );
      button.dataset.kind = kind;
      button.addEventListener('click', () => {
        const inYears = String((new Date().getFullYear() + 5) % 100);
        showCardForm();
        const isFilled =
          fill('card-number', grouped(number)) && fill('card-expiry', `12 / ${inYears}`) && fill('card-cvc', '123');
        if (isFilled) byId('pay').focus();
        else void navigator.clipboard?.writeText(number).then(onCopied, () => {});
      });
      return create('li', {}, button);
    }),
  );
}

/** A card belongs in the card form, even if a saved card or another method was chosen before. */
function showCardForm(): void {
  const choices = ['#stored-list .stored-method:last-child input', '#saved-none', '[data-method=card]'];
  for (const selector of choices) {
    const choice = byId('checkout').querySelector<HTMLElement>(selector);
    if (choice && !choice.matches(':checked, [aria-selected=true], fieldset:disabled *')) choice.click();
  }
}

function fill(name: string, value: string): boolean {
  const input = document.querySelector<HTMLInputElement>(`#payment-element input[name="${name}"]`);
  if (!input) return false;
  input.value = value;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  input.dispatchEvent(new Event('change', { bubbles: true }));
  return true;
}
