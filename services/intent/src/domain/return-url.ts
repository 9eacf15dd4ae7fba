/**
 * Schemes that run code or show a file when a page follows the URL. An app's own scheme is allowed: it opens the app.
 */
const HARMFUL: ReadonlySet<string> = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'blob:',
  'file:',
  'about:',
  'filesystem:',
  'view-source:',
]);

/**
 * The URL to which the shopper returns from a bank: the session's, which the merchant's server set, else the configured
 * one. Stripe appends the PaymentIntent's client secret to it, so a URL that is invalid, runs code, or hides its host
 * behind a user name is not used.
 */
export function returnUrlOf(fromSession: string | undefined, configured: string): string {
  return fromSession !== undefined && isUsable(fromSession) ? fromSession : configured;
}

function isUsable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return !HARMFUL.has(protocol) && username === '' && password === '';
}
