import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { type Sandbox, SERVICES, startSandbox } from '@connector/sandbox';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { hasCharge, paymentIntentOf, Shopper, summary } from './shopper.ts';

// A system of its own: the proxy is its only way out.

/** Names that are in no DNS: only the proxy knows where they are, and only the company's CA vouches for them. */
const NAMES = {
  auth: 'auth.shop.invalid',
  api: 'api.shop.invalid',
  session: 'session.shop.invalid',
  checkout: 'checkout.shop.invalid',
  keys: 'mc-api.shop.invalid',
  stripe: 'api.stripe.invalid',
  otel: 'otel.company.invalid',
} as const;
const AT_LENGTH = { timeout: 60_000, interval: 100 };
const projectKey = 'merchant-project';
const secretKey = `sk_test_${randomBytes(12).toString('hex')}`;
const webhookSecret = `whsec_${randomBytes(12).toString('hex')}`;

const folder = mkdtempSync(join(tmpdir(), 'only-way-out-'));
let commercetools: CommercetoolsSimulator;
let stripe: StripeSimulator;
let sandbox: Sandbox;
/** What every service is told of the way out. */
let outside: Record<string, string>;
const servers: (Server | NetServer)[] = [];
/** Hosts of the tunnels that the proxy made, and those that it was asked for without its password. */
const tunnels = new Set<string>();
const strangers: string[] = [];
/** Paths that the collector was asked for. */
const collected: string[] = [];

beforeAll(async () => {
  certificates();
  commercetools = await startCommercetoolsSimulator({ projectKey, clientId: 'merchant', clientSecret: 'secret' });
  stripe = await startStripeSimulator({ secretKey });
  const collector = createServer((req, res) => {
    collected.push(req.url ?? '');
    req.resume();
    res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  const ports = {
    commercetools: await behindTls(Number(new URL(commercetools.url).port)),
    stripe: await behindTls(Number(new URL(stripe.url).port)),
    otel: await behindTls(await listen(collector)),
  };
  const proxyPort = await listen(forwardProxy((host) => placeOf(host, ports)));
  const url = (name: keyof typeof NAMES): string => `https://${NAMES[name]}`;
  outside = {
    CTP_AUTH_URL: url('auth'),
    CTP_API_URL: url('api'),
    CTP_SESSION_URL: url('session'),
    CTP_CHECKOUT_URL: url('checkout'),
    CTP_JWKS_URL: `${url('keys')}/.well-known/jwks.json`,
    STRIPE_API_BASE: url('stripe'),
    OTEL_EXPORTER_OTLP_ENDPOINT: url('otel'),
    OTEL_TRACES_SAMPLER: 'always_on',
    HTTPS_PROXY: `http://company:of-the-proxy@127.0.0.1:${proxyPort}`,
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.crt'),
  };
  sandbox = await startSandbox({
    port: 0,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      CTP_PROJECT_KEY: projectKey,
      CTP_CLIENT_ID: 'merchant',
      CTP_CLIENT_SECRET: 'secret',
      // The shop's own calls; the services' are below.
      CTP_AUTH_URL: commercetools.url,
      CTP_API_URL: commercetools.url,
      CTP_SESSION_URL: commercetools.url,
      CTP_JWT_ISSUER: commercetools.url,
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_PUBLISHABLE_KEY: `pk_test_${randomBytes(12).toString('hex')}`,
      STRIPE_WEBHOOK_SIGNING_SECRET: webhookSecret,
    },
    serviceEnv: Object.fromEntries(SERVICES.map((name) => [name, outside])),
  });
  stripe.setWebhook({ url: `${sandbox.url}/stripe/webhooks`, secret: webhookSecret });
});
afterAll(async () => {
  await sandbox?.stop();
  await Promise.all([commercetools?.close(), stripe?.close()]);
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** A CA of the company's own, and a certificate of its for all the names. */
function certificates(): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=company', '-keyout', 'ca.key', '-out', 'ca.crt');
  openssl('req', ...key, '-subj', '/CN=shop', '-keyout', 'server.key', '-out', 'server.csr');
  const names = Object.values(NAMES).map((name) => `DNS:${name}`);
  writeFileSync(join(folder, 'names'), `subjectAltName=${names.join(',')}\n`);
  openssl(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '2', '-extfile', 'names', '-out', 'server.crt'],
  );
}

async function listen(server: Server | NetServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A port that speaks TLS with the company's certificate and passes on to `port`. */
function behindTls(port: number): Promise<number> {
  const [key, cert] = ['server.key', 'server.crt'].map((name) => readFileSync(join(folder, name)));
  const server = createTlsServer({ key, cert }, (socket) => {
    const upstream = connect(port, '127.0.0.1');
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
    upstream.pipe(socket).pipe(upstream);
  });
  return listen(server);
}

const placeOf = (host: string, ports: { commercetools: number; stripe: number; otel: number }): number =>
  host === NAMES.stripe ? ports.stripe : host === NAMES.otel ? ports.otel : ports.commercetools;

function forwardProxy(portOf: (host: string) => number): Server {
  const wanted = `Basic ${btoa('company:of-the-proxy')}`;
  const server = createServer((_req, res) => res.writeHead(403).end('only tunnels'));
  server.on('connect', (req: IncomingMessage, socket) => {
    const host = (req.url ?? '').replace(/:443$/, '');
    if (req.headers['proxy-authorization'] !== wanted) {
      strangers.push(host);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    tunnels.add(host);
    const upstream = connect(portOf(host), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  return server;
}

it('a checkout is paid although nothing but the proxy leads out', async () => {
  const shopper = new Shopper(sandbox.url);
  const checkout = await shopper.checkout();
  const open = await shopper.open(checkout);
  const paymentIntent = paymentIntentOf(open.sClientSecret);
  await stripe.controls.pay(paymentIntent, { card: '4242424242424242' });
  expect((await shopper.confirm(checkout, open)).json).toEqual({ outcome: 'approved' });
  const payment = await shopper.until(open.paymentReference, hasCharge);
  expect(summary(payment).toSorted()).toEqual(['Authorization:Success 2400', 'Charge:Success 2400']);
  for (const name of ['auth', 'api', 'session', 'stripe'] as const) expect(tunnels).toContain(NAMES[name]);
  expect(strangers).toEqual([]);
});

it('the keys of JWTs and the introspection of tokens are asked for through the proxy', async () => {
  const status = await fetch(`${sandbox.url}/operations/status`, {
    headers: { authorization: `Bearer ${await commercetools.mintJwt()}` },
  });
  expect(status.status).toBe(200);
  expect(tunnels).toContain(NAMES.keys);
});

it('a token for Kafka is asked for through the proxy', async () => {
  tunnels.clear();
  const oauth = new URL('../../../packages/kafka/src/oauth.ts', import.meta.url);
  const asked = {
    KAFKA_SASL_OAUTH_TOKEN_URL: `https://${NAMES.auth}/oauth/token`,
    KAFKA_SASL_OAUTH_CLIENT_ID: 'merchant',
    KAFKA_SASL_OAUTH_CLIENT_SECRET: 'secret',
  };
  const script = `import { oidcTokens } from '${oauth}';
    console.log((await oidcTokens(${JSON.stringify(asked)})()).value.length > 10);`;
  const env = { PATH: process.env.PATH, ...outside };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
  expect(stdout).toBe('true\n');
  expect(tunnels).toContain(NAMES.auth);
});

it('traces reach the collector through the proxy', async () => {
  await vi.waitFor(() => expect(collected).toContain('/v1/traces'), AT_LENGTH);
  expect(tunnels).toContain(NAMES.otel);
});
