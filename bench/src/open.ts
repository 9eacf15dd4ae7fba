// `npm run bench:open`: how long a shopper waits for GET /payments, what it costs beside its bare calls, and what double clicks make.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { answers, freePort, makeRunDir, Part, PINNED_NODE, REPOSITORY, startSandbox } from '@connector/sandbox';
import { createCart, createCustomer, createSession, fetchToken } from '@connector/sandbox/commercetools';
import { Agent, request } from 'undici';
import { resourcesOf } from './rig.ts';
import { table } from './table.ts';

const USAGE = `npm run bench:open -- [options]
  --samples N         opens one after the other, and as many of the floor (default 150)
  --carts N           opens of the throughput, and as many of the floor (default 1500)
  --concurrency N     opens at once (default 32)
  --commercetools N   latency of each call to commercetools, in ms (default 40)
  --stripe N          latency of each call to Stripe, in ms (default 120)
  --cpu-prof DIR      profiles the processor into DIR
  --docs              writes the figures into docs/benchmarks.md`;

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '150' },
    carts: { type: 'string', default: '1500' },
    concurrency: { type: 'string', default: '32' },
    commercetools: { type: 'string', default: '40' },
    stripe: { type: 'string', default: '120' },
    'cpu-prof': { type: 'string' },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const number = (name: 'samples' | 'carts' | 'concurrency' | 'commercetools' | 'stripe'): number => {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} must be a whole number above 0.\n${USAGE}`);
  return process.exit(64);
};
const [samples, carts, concurrency] = [number('samples'), number('carts'), number('concurrency')];
const latency = { commercetools: number('commercetools'), stripe: number('stripe') };
const tell = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);

/** The original connector, measured with the same latencies. */
const ORIGINAL = { p50: 468, calls: 7, perSecond: 65 };
const DOUBLE_CLICKED = 32;

const sandbox = await startSandbox({
  port: 0,
  // Sessions stay warm for as long as a measurement takes.
  serviceEnv: { 'session-auth': { LOG_LEVEL: 'info', SESSION_CACHE_TTL_MS: '300000' } },
});
const stops = [() => sandbox.stop()];
const stop = async () => {
  for (const each of stops.splice(0).reverse()) await each();
};
const interrupt = () => void stop().then(() => process.exit(130));
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);

const { env, urls } = sandbox;
const commercetools = urls.commercetools as string;
const stripe = urls.stripe as string;
const project = env.CTP_PROJECT_KEY as string;
const dispatcher = new Agent({ connections: 128 });

interface Shopper {
  readonly cart: string;
  readonly session: string;
}

interface Answered {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly text: string;
}

async function call(
  method: string,
  url: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answered> {
  const answer = await request(url, {
    method: method as 'GET',
    headers,
    dispatcher,
    ...(body !== undefined && { body }),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, text, json: text.startsWith('{') ? JSON.parse(text) : {} };
}

async function done(answered: Promise<Answered>): Promise<Answered> {
  const answer = await answered;
  if (answer.status >= 300) throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer;
}

const { access_token: token } = await fetchToken({
  authUrl: commercetools,
  clientId: env.CTP_CLIENT_ID as string,
  clientSecret: env.CTP_CLIENT_SECRET as string,
});
const api = { ctUrl: commercetools, projectKey: project, token };
const json = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const form = { authorization: `Bearer ${env.STRIPE_SECRET_KEY}`, 'content-type': 'application/x-www-form-urlencoded' };

/** A processor of its own, without a gateway in front. */
async function startIntent(
  extra: Record<string, string> = {},
  node: readonly string[] = [],
): Promise<{ url: string; pid: number }> {
  const dir = await makeRunDir(join(REPOSITORY, '.cache/run'));
  // A copy of the build, so that one that is made meanwhile does not pull it away.
  await cp(join(REPOSITORY, 'services/intent/dist'), join(dir, 'dist'), { recursive: true });
  const [port, adminPort] = [await freePort(), await freePort()];
  const part = new Part({
    name: 'intent',
    command: PINNED_NODE,
    args: [...node, '--enable-source-maps', 'dist/main.js'],
    cwd: dir,
    env: {
      ...env,
      LOG_LEVEL: 'info',
      RATE_LIMIT_REQUESTS_PER_ADDRESS: '0',
      RATE_LIMIT_OPENS_PER_SESSION: '0',
      ...extra,
      HTTP_PORT: String(port),
      METRICS_PORT: String(adminPort),
    },
    logFile: join(dir, 'intent.log'),
    isReady: () => answers(`http://127.0.0.1:${adminPort}/readyz`),
  });
  stops.push(() => rm(dir, { recursive: true, force: true }));
  stops.push(() => part.stop());
  await part.start();
  return { url: `http://127.0.0.1:${port}`, pid: part.pid as number };
}

let intent = '';
const open = ({ session }: Shopper, at = intent): Promise<Answered> =>
  done(call('GET', `${at}/payments`, { 'x-session-id': session }));

/** The calls that an open cannot do without, by a plain script: the cart; then the PaymentIntent beside the payment and its cart. */
async function bareCalls({ cart }: Shopper): Promise<void> {
  const project_ = `${commercetools}/${project}`;
  const { json: read } = await done(call('GET', `${project_}/carts/${cart}?expand=paymentInfo.payments%5B*%5D`, json));
  const amount = { centAmount: 2400, currencyCode: 'EUR' };
  const createPayment = async () => {
    const payment = JSON.stringify({ key: `${cart}-bare`, amountPlanned: amount });
    const { json: made } = await done(call('POST', `${project_}/payments`, json, payment));
    const actions = [{ action: 'addPayment', payment: { typeId: 'payment', id: made.id } }];
    await done(call('POST', `${project_}/carts/${cart}`, json, JSON.stringify({ version: read.version, actions })));
  };
  const params = new URLSearchParams({ amount: '2400', currency: 'eur', 'automatic_payment_methods[enabled]': 'true' });
  const headers = { ...form, 'idempotency-key': `bare-${cart}` };
  await Promise.all([done(call('POST', `${stripe}/v1/payment_intents`, headers, params.toString())), createPayment()]);
}

/** What a page asks the processor for before its form shows: session-auth then knows the session, and the processor the cart. */
const showForm = async (session: string, at = intent): Promise<void> => {
  await done(call('GET', `${at}/operations/config`, { 'x-session-id': session }));
  await done(call('GET', `${at}/config-element/payment`, { 'x-session-id': session }));
};

/** Shoppers whose pages show the payment form. */
async function shoppers(count: number, customerId?: string): Promise<Shopper[]> {
  const made: Shopper[] = [];
  await atOnce(16, count, async () => {
    const wishes = { currency: 'EUR', centAmount: 2400, country: 'DE', ...(customerId && { customerId }) };
    const { id: cart } = await createCart(api, wishes);
    const { id: session } = await createSession(cart, { ...api, sessionUrl: commercetools, processorUrl: sandbox.url });
    await showForm(session);
    made.push({ cart, session });
  });
  return made;
}

async function atOnce(workers: number, count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (next < count) {
        next += 1;
        await work(next - 1);
      }
    }),
  );
}

const slow = async (isSlow: boolean) => {
  for (const [url, latencyMs] of [
    [commercetools, latency.commercetools],
    [stripe, latency.stripe],
  ] as const) {
    await done(call('PUT', `${url}/_sandbox/faults`, {}, JSON.stringify(isSlow ? [{ latencyMs }] : [])));
  }
};

interface Latencies {
  readonly p50: number;
  readonly p99: number;
}

async function oneByOne(who: readonly Shopper[], work: (shopper: Shopper) => Promise<unknown>): Promise<Latencies> {
  const took: number[] = [];
  for (const shopper of who) {
    const began = performance.now();
    await work(shopper);
    took.push(performance.now() - began);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(share * took.length))] as number;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Calls a second with `concurrency` at once; the first fifth warms up and does not count. */
async function perSecond(who: readonly Shopper[], work: (shopper: Shopper) => Promise<unknown>): Promise<number> {
  const warm = Math.floor(who.length / 5);
  let [finished, began] = [0, 0];
  await atOnce(concurrency, who.length, async (index) => {
    await work(who[index] as Shopper);
    finished += 1;
    if (finished === warm) began = performance.now();
  });
  return (who.length - warm) / ((performance.now() - began) / 1000);
}

interface Upstream {
  readonly call: string;
  /** From the request's arrival, in ms. */
  readonly from: number;
  readonly to: number;
}

/** The calls that one open makes before its answer, in the order in which they began, and how many of them wait for another. */
async function callsOfOne(): Promise<{ took: number; calls: Upstream[]; sequential: number }> {
  const calls: Upstream[] = [];
  let began = 0;
  const relay = async (target: string) => {
    const server = createServer(async (req, res) => {
      const from = performance.now() - began;
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const { host: _host, 'content-length': _length, connection: _connection, ...headers } = req.headers;
      const body = Buffer.concat(chunks).toString();
      const { method = 'GET', url = '/' } = req;
      const answer = await call(
        method,
        target + url,
        headers as Record<string, string>,
        body === '' ? undefined : body,
      );
      const path = url
        .split('?')[0]
        ?.replace(`/${project}`, '')
        .replace(/[0-9a-f]{8}-[0-9a-f-]{27,}/, '{id}');
      calls.push({ call: `${method} ${path}`, from, to: performance.now() - began });
      res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(async () => void server.close(() => {}).closeAllConnections());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const { url: at } = await startIntent({
    CTP_API_URL: await relay(commercetools),
    STRIPE_API_BASE: await relay(stripe),
  });
  const [warmUp, measuredOne] = (await shoppers(2)) as [Shopper, Shopper];
  await showForm(warmUp.session, at);
  await open(warmUp, at);
  await showForm(measuredOne.session, at);
  await slow(true);
  await new Promise((resolve) => setTimeout(resolve, 500));
  calls.length = 0;
  began = performance.now();
  await open(measuredOne, at);
  const took = performance.now() - began;
  await slow(false);
  const critical = calls.filter(({ to }) => to <= took).sort((a, b) => a.from - b.from);
  // A call waits for the longest chain of those that had ended when it began.
  const depth = new Map<Upstream, number>();
  for (const each of critical) {
    const before = critical.filter(({ to }) => to <= each.from).map((other) => depth.get(other) ?? 0);
    depth.set(each, 1 + Math.max(0, ...before));
  }
  // Two calls of 40 ms beside one of 120 ms make nobody wait: what counts is the chain that ends last.
  const last = critical.reduce((a, b) => (a.to > b.to ? a : b));
  return { took, calls: critical, sequential: depth.get(last) ?? 0 };
}

interface Results {
  open: Latencies;
  floor: Latencies;
  customer: Latencies;
  again: Latencies;
  perSecond: number;
  floorPerSecond: number;
  /** Processor time of the one processor. */
  cpuMsPerOpen: number;
  calls: Awaited<ReturnType<typeof callsOfOne>>;
  doubleClicks: { answered: number; paymentIntents: number; payments: number };
}

async function measured(): Promise<Results> {
  // Two cores carry what is measured, nothing besides.
  for (const service of ['intent', 'ledger', 'webhook-ingest'] as const) await sandbox.stopService(service);
  await done(call('PUT', `${stripe}/_sandbox/webhooks`, {}, JSON.stringify({ paused: true })));
  const prof = values['cpu-prof'];
  const processor = await startIntent({}, prof ? ['--cpu-prof', `--cpu-prof-dir=${prof}`] : []);
  intent = processor.url;
  const cpuSeconds = async () => (await resourcesOf(processor.pid)).cpuSeconds;
  const warmUp = await shoppers(40);
  for (const shopper of warmUp) await open(shopper);

  const customer = await createCustomer(api, { email: `bench-${Date.now()}@example.com` });
  const calls = await callsOfOne();
  const bare = await shoppers(samples);
  const mine = await shoppers(samples);
  const signedIn = await shoppers(samples, customer.id);
  await slow(true);
  const floor = await oneByOne(bare, bareCalls);
  tell('floor measured');
  const opened = await oneByOne(mine, (shopper) => open(shopper));
  const again = await oneByOne(mine, (shopper) => open(shopper));
  const opensOfCustomers = await oneByOne(signedIn, (shopper) => open(shopper));
  tell('latency measured');
  await slow(false);

  const manyBare = await shoppers(carts);
  const many = await shoppers(carts);
  tell('carts and sessions ready');
  await slow(true);
  const floorPerSecond = await perSecond(manyBare, bareCalls);
  const before = await cpuSeconds();
  const opensPerSecond = await perSecond(many, (shopper) => open(shopper));
  const cpuMsPerOpen = (1_000 * ((await cpuSeconds()) - before)) / many.length;
  tell('throughput measured');
  await slow(false);

  const clicked = await shoppers(DOUBLE_CLICKED);
  await slow(true);
  const clicks = await Promise.all([...clicked, ...clicked].map((shopper) => open(shopper)));
  await slow(false);
  const cartsClicked = new Set(clicked.map(({ cart }) => cart));
  // What lost a race is canceled once its request has been answered.
  const live = async () => {
    const { json: state } = await call('GET', `${stripe}/_sandbox/state`);
    return (state.payment_intents as { status: string; metadata: { cart_id?: string } }[]).filter(
      ({ status, metadata }) => status !== 'canceled' && cartsClicked.has(metadata.cart_id ?? ''),
    );
  };
  for (let tries = 0; tries < 50 && (await live()).length > DOUBLE_CLICKED; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { json: state } = await call('GET', `${commercetools}/_sandbox/state`);
  const payments = (state.payments as { key?: string }[]).filter(({ key }) =>
    cartsClicked.has(key?.slice(0, 36) ?? ''),
  );
  return {
    open: opened,
    floor,
    customer: opensOfCustomers,
    again,
    perSecond: opensPerSecond,
    floorPerSecond,
    cpuMsPerOpen,
    calls,
    doubleClicks: {
      answered: new Set(clicks.map(({ json: { paymentReference } }) => paymentReference)).size,
      paymentIntents: (await live()).length,
      payments: payments.length,
    },
  };
}

let results: Results;
try {
  results = await measured();
} finally {
  await dispatcher.close();
  await stop();
}

const ms = ({ p50, p99 }: Latencies) => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
const { doubleClicks } = results;
type Row = [what: string, measured: string, target: string, holds: boolean | undefined];
const rows: Row[] = [
  ['open, one at a time', ms(results.open), 'p50 ≤ 180 ms', results.open.p50 <= 180],
  ['its bare calls by a plain script', ms(results.floor), '', undefined],
  ['open for a customer', ms(results.customer), '', undefined],
  ['open again', ms(results.again), '', undefined],
  [
    `opens a second, ${concurrency} at once`,
    `${results.perSecond.toFixed(0)}/s`,
    `≥ ${3 * ORIGINAL.perSecond}/s`,
    results.perSecond >= 3 * ORIGINAL.perSecond,
  ],
  ['its bare calls by a plain script', `${results.floorPerSecond.toFixed(0)}/s`, '', undefined],
  ["the processor's time on a core", `${results.cpuMsPerOpen.toFixed(1)} ms per open`, '', undefined],
  [
    `${2 * DOUBLE_CLICKED} double clicks on ${DOUBLE_CLICKED} carts`,
    `${doubleClicks.paymentIntents} PaymentIntents, ${doubleClicks.payments} payments`,
    `${DOUBLE_CLICKED} and ${DOUBLE_CLICKED}`,
    Object.values(doubleClicks).every((count) => count === DOUBLE_CLICKED),
  ],
];
const text = table(
  ['what', 'measured', 'target', 'holds'],
  rows.map(([what, found, target, holds]) => [what, found, target, holds === undefined ? '' : holds ? 'yes' : 'NO']),
);
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;
const date = new Date().toISOString();
const command = ['npm run bench:open', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
const { sequential, calls, took } = results.calls;
const drawn = calls.map(
  ({ call: name, from, to }) => `  ${from.toFixed(0).padStart(4)} – ${to.toFixed(0).padStart(4)} ms  ${name}`,
);
const path = [
  `One open, answered after ${took.toFixed(0)} ms: ${sequential} calls one after the other (the original: ${ORIGINAL.calls}).`,
  ...drawn,
].join('\n');
console.log(`${text}\n\n${path}\n\n${machine}; ${date}; ${command}`);

const folder = join(REPOSITORY, 'bench/results');
await mkdir(folder, { recursive: true });
const file = join(folder, `open-${date.replace(/[:.]/g, '-')}.json`);
await writeFile(
  file,
  `${JSON.stringify({ machine, date, command, latency, concurrency, ...results }, undefined, 2)}\n`,
);
if (values.docs) {
  const measuredAt = `Measured ${date.slice(0, 10)} with \`${command}\` on ${machine}.`;
  await intoDocs(`${text}\n\n\`\`\`\n${path}\n\`\`\`\n\n${measuredAt}`);
}
process.exitCode = rows.every(([, , , holds]) => holds !== false) ? 0 : 1;

/** Replaces this part of the page, which stands between two marks. */
async function intoDocs(figures: string): Promise<void> {
  const page = join(REPOSITORY, 'docs/benchmarks.md');
  const before = await readFile(page, 'utf8');
  const [begin, end] = ['<!-- open: begin -->', '<!-- open: end -->'];
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error('docs/benchmarks.md lacks the marks of this part');
  await writeFile(page, `${before.slice(0, from + begin.length)}\n${figures}\n${before.slice(to)}`);
}
