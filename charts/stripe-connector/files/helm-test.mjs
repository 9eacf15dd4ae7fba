// `helm test`: every part is ready, and a webhook with a bad signature is refused; where both sides are simulated, one payment is made.
const parts = process.env.PARTS.split(',');
const prefix = process.env.PREFIX;

/** Services come and go for a moment during a rollout, so a failure is tried again for half a minute. */
async function check(name, work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      console.log(`ok      ${name}`);
      return;
    } catch (error) {
      if (attempt === 15) {
        console.log(`FAILED  ${name}: ${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
        process.exitCode = 1;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }
}
const expect = (actual, wanted) => {
  if (actual !== wanted) throw new Error(`answered ${actual} instead of ${wanted}`);
};
const limit = () => AbortSignal.timeout(5_000);

for (const part of parts) {
  await check(`${part} is ready`, async () => {
    expect((await fetch(`http://${prefix}-${part}:9464/readyz`, { signal: limit() })).status, 200);
  });
}
if (parts.includes('webhook-ingest')) {
  await check('a webhook with a bad signature is refused', async () => {
    const headers = { 'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` };
    const request = { method: 'POST', body: '{}', headers, signal: limit() };
    expect((await fetch(`http://${prefix}-webhook-ingest:8080/stripe/webhooks`, request)).status, 400);
  });
}
if (parts.includes('intent')) {
  await check('a request without a session is refused', async () => {
    expect((await fetch(`http://${prefix}-intent:8080/operations/config`, { signal: limit() })).status, 401);
  });
}
if (parts.includes('enabler')) {
  await check('the browser library is served', async () => {
    expect((await fetch(`http://${prefix}-enabler:8080/connector-enabler.es.js`, { signal: limit() })).status, 200);
  });
}
if (process.env.SHOP && !process.exitCode) await payOnce(process.env.SHOP);

/** From the cart to the charge in commercetools, as a shopper would; every step says what it waits for. */
async function payOnce(shop) {
  let step = 'a shop opens a checkout';
  const call = async (method, path, { body, session, expected = [200, 201, 202] } = {}) => {
    const headers = {
      ...(session && { 'x-session-id': session }),
      ...(body && { 'content-type': 'application/json' }),
    };
    const init = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(15_000) };
    const response = await fetch(shop + path, init);
    const text = await response.text();
    if (!expected.includes(response.status)) {
      throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
    }
    return JSON.parse(text || '{}');
  };
  try {
    const { sessionId: session } = await call('POST', '/storefront/api/checkouts', { body: { currency: 'EUR' } });
    step = 'session-auth and intent know the session';
    await call('GET', '/operations/config', { session });
    step = 'intent opens a payment';
    const { sClientSecret, paymentReference } = await call('GET', '/payments', { session });
    const paymentIntent = sClientSecret.split('_secret_')[0];
    step = 'the shopper pays at Stripe';
    await call('POST', `/_sandbox/stripe/payment_intents/${paymentIntent}/pay`, { body: { card: '4242424242424242' } });
    step = 'intent confirms the payment';
    await call('POST', `/confirmPayments/${paymentReference}`, { session, body: { paymentIntent } });
    step = 'webhook-ingest, Kafka and ledger bring the charge to commercetools within 30 s';
    const deadline = Date.now() + 30_000;
    for (;;) {
      const { transactions } = await call('GET', `/storefront/api/payments/${paymentReference}`);
      const charge = transactions.find(({ type, state }) => type === 'Charge' && state === 'Success');
      if (charge) {
        console.log(
          `ok      paid ${charge.amount.centAmount / 100} ${charge.amount.currencyCode}: payment ${paymentReference} is charged`,
        );
        return;
      }
      if (Date.now() > deadline) {
        const seen = transactions.map(({ type, state }) => `${type}:${state}`).join(', ') || 'no transaction';
        throw new Error(`payment ${paymentReference} shows ${seen}; look at the logs of webhook-ingest and ledger`);
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  } catch (error) {
    console.log(`FAILED  ${step}: ${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
    process.exitCode = 1;
  }
}
