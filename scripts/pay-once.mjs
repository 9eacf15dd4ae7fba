// Pays one cart at a running sandbox over HTTP, as shopper and enabler would: node scripts/pay-once.mjs
// http://localhost:8080
import { setTimeout as sleep } from 'node:timers/promises';

const origin = (process.argv[2] ?? 'http://localhost:8080').replace(/\/$/, '');
const CHARGED_WITHIN_MS = 20_000;

const { sessionId } = await call('POST', '/storefront/api/checkouts', { currency: 'EUR', captureMethod: 'automatic' });
const session = { 'x-session-id': sessionId };

const { publishableKey } = await call('GET', '/operations/config', undefined, session);
check(publishableKey.startsWith('pk_test_sandbox'), 'Stripe is simulated here');
await call('GET', '/config-element/payment', undefined, session);
const { sClientSecret, paymentReference } = await call('GET', '/payments', undefined, session);
const paymentIntent = sClientSecret.split('_secret_')[0];

await call('POST', `/_sandbox/stripe/payment_intents/${paymentIntent}/pay`, { card: '4242424242424242' });
const { outcome } = await call('POST', `/confirmPayments/${paymentReference}`, { paymentIntent }, session);
check(outcome === 'approved' || outcome === 'pending', `confirmed as "${outcome}"`);

const deadline = Date.now() + CHARGED_WITHIN_MS;
let charges = [];
while (charges.length === 0 && Date.now() < deadline) {
  const { transactions } = await call('GET', `/storefront/api/payments/${paymentReference}`);
  charges = transactions.filter(({ type, state }) => type === 'Charge' && state === 'Success');
  if (charges.length === 0) await sleep(100);
}
check(
  charges.length === 1,
  `${charges.length} successful charge(s) at commercetools after ${CHARGED_WITHIN_MS / 1000} s`,
);
console.log(
  `paid: payment ${paymentReference} has its charge of ${charges[0].amount.centAmount} minor units of ${charges[0].amount.currencyCode}`,
);

async function call(method, path, body, headers = {}) {
  const response = await fetch(origin + path, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  check(response.ok, `${method} ${path} answered ${response.status}: ${text}`);
  return text && JSON.parse(text);
}

function check(isTrue, sentence) {
  if (isTrue) return;
  console.error(`not paid: ${sentence}`);
  process.exit(1);
}
