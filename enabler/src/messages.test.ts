import { describe, expect, it } from 'vitest';
import { messageKeyFor, textsFor } from './messages.ts';

describe('texts for the shopper', () => {
  it.each([
    ['de-AT', 'Diese Bestellung wurde bereits bezahlt.'],
    ['fr_CA', 'Cette commande a déjà été payée.'],
    ['en-US', 'This order has already been paid.'],
    ['ja', 'This order has already been paid.'],
    [undefined, 'This order has already been paid.'],
  ])('for %s are in a language the shopper is likely to read', (locale, expected) => {
    expect(textsFor(locale)('already_paid')).toBe(expected);
  });

  it.each([
    ['the decline code says more than the code', 'card_declined', 'insufficient_funds', 'insufficient_funds'],
    ['a decline without its own sentence is a decline', 'card_declined', 'fraudulent', 'declined'],
    ['an unknown code with a decline code is a decline', 'something', 'lost_card', 'declined'],
    ['failed 3-D Secure', 'payment_intent_authentication_failure', undefined, 'authentication_failed'],
    ['nothing known', undefined, undefined, 'generic'],
  ])('%s', (_rule, code, declineCode, expected) => {
    expect(messageKeyFor(code, declineCode)).toBe(expected);
  });
});
