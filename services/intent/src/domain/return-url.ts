/** Schemes that run code or show a file in the page that follows the URL. An app's own scheme is fine: it opens the app. */
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
 * Where the shopper comes back to from a bank: the session's URL, which the merchant's own server gave, else the configured one. Stripe appends the
 * PaymentIntent's client secret to it, so a URL that is none, runs code, or hides its host behind a user name is passed over.
 */
export function returnUrlOf(fromSession: string | undefined, configured: string): string {
  return fromSession !== undefined && isUsable(fromSession) ? fromSession : configured;
}

function isUsable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return !HARMFUL.has(protocol) && username === '' && password === '';
}
