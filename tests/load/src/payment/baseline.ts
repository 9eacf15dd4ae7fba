// A guest's payment by the calls alone that cannot be avoided: the session and the cart, then the PaymentIntent beside the payment and its
// place on the cart; the cart with its payment beside the PaymentIntent, then one write. No check, no log, no Kafka, no second try.
import { createServer } from 'node:http';
import { Agent, request } from 'undici';

const { CTP_API_URL, CTP_PROJECT_KEY, STRIPE_API_BASE, STRIPE_SECRET_KEY, HTTP_PORT } = process.env;
const project = `${CTP_API_URL}/${CTP_PROJECT_KEY}`;
const dispatcher = new Agent({ connections: 64 });

async function send(method: 'GET' | 'POST', url: string, headers: Record<string, string>, body?: string) {
  const answer = await request(url, { method, headers, dispatcher, ...(body !== undefined && { body }) });
  // biome-ignore lint/suspicious/noExplicitAny: each caller knows what it asked for
  const json = (await answer.body.json()) as any;
  if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${JSON.stringify(json)}`);
  return json;
}

interface Step {
  readonly cart: string;
  readonly session: string;
  readonly paymentIntentId: string;
}

const steps: Readonly<Record<string, (step: Step, authorization: string) => Promise<object>>> = {
  '/open': async ({ cart, session }, authorization) => {
    const headers = { authorization, 'content-type': 'application/json' };
    await send('GET', `${project}/sessions/${session}`, headers);
    const { version } = await send('GET', `${project}/carts/${cart}?expand=paymentInfo.payments%5B*%5D`, headers);
    const [{ id: paymentIntentId }, paymentId] = await Promise.all([
      create(cart),
      (async () => {
        const amountPlanned = { centAmount: 2_400, currencyCode: 'EUR' };
        const { id } = await send('POST', `${project}/payments`, headers, JSON.stringify({ amountPlanned }));
        const actions = [{ action: 'addPayment', payment: { typeId: 'payment', id } }];
        await send('POST', `${project}/carts/${cart}`, headers, JSON.stringify({ version, actions }));
        return id;
      })(),
    ]);
    return { paymentIntentId, paymentId };
  },
  '/confirm': async ({ cart, paymentIntentId }, authorization) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const [{ paymentInfo }] = await Promise.all([
      send('GET', `${project}/carts/${cart}?expand=paymentInfo.payments%5B*%5D`, headers),
      send('GET', `${STRIPE_API_BASE}/v1/payment_intents/${paymentIntentId}`, {
        authorization: `Bearer ${STRIPE_SECRET_KEY}`,
      }),
    ]);
    const { id, version } = paymentInfo.payments[0].obj;
    const amount = { centAmount: 2_400, currencyCode: 'EUR' };
    const transaction = (type: string) => ({
      action: 'addTransaction',
      transaction: { type, state: 'Success', amount, interactionId: paymentIntentId },
    });
    const actions = [
      { action: 'setInterfaceId', interfaceId: paymentIntentId },
      transaction('Authorization'),
      transaction('Charge'),
    ];
    await send('POST', `${project}/payments/${id}`, headers, JSON.stringify({ version, actions }));
    return {};
  },
};

const create = (cart: string) =>
  send(
    'POST',
    `${STRIPE_API_BASE}/v1/payment_intents`,
    {
      authorization: `Bearer ${STRIPE_SECRET_KEY}`,
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': `bare-${cart}`,
    },
    'amount=2400&currency=eur&automatic_payment_methods%5Benabled%5D=true',
  );

const server = createServer({ keepAliveTimeout: 75_000 }, async (req, res) => {
  try {
    let text = '';
    for await (const chunk of req) text += String(chunk);
    const step = steps[req.url ?? ''];
    if (!step) throw new Error(`there is no ${req.url}`);
    res.end(JSON.stringify(await step(JSON.parse(text), req.headers.authorization ?? '')));
  } catch (error) {
    res.writeHead(500).end(String(error));
  }
});
server.listen(Number(HTTP_PORT), '127.0.0.1', () => console.log('ready '));
process.once('SIGTERM', () => process.exit(0));
