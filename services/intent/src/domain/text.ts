/**
 * The first `max` characters (code points) of a text, for fields of Stripe's that take no more. Half a character pair, which no request to Stripe can
 * carry, becomes U+FFFD.
 */
export const beginningOf = (text: string, max: number): string => [...text.toWellFormed()].slice(0, max).join('');
