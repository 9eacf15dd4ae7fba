/**
 * The first `max` characters (code points) of a text, for Stripe's fields with a maximum length. An unpaired surrogate,
 * which cannot be sent to Stripe, becomes U+FFFD.
 */
export const beginningOf = (text: string, max: number): string => [...text.toWellFormed()].slice(0, max).join('');
