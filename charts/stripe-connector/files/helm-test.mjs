// `helm test`: every part is ready, and a webhook with a bad signature is refused.
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
