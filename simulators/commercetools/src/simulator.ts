import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cart } from '@commercetools/platform-sdk';
import { type Fault, Faults } from '@connector/simulator-faults';
import * as z from 'zod';
import { type ApiClient, Auth, DEFAULT_SCOPES, type JwtOptions } from './auth.ts';
import { type Call, type CallFilter, CallLog } from './call-log.ts';
import {
  PaymentMethods,
  type RecurringPaymentJob,
  RecurringPaymentJobs,
  type Session,
  type SessionState,
  Sessions,
} from './checkout-resources.ts';
import type { Address, Collection, Resource } from './collection.ts';
import { ApiError, invalidInput, invalidJson } from './errors.ts';
import { type ApiRequest, type ApiResponse, MockApi } from './mock-api.ts';
import { Payments } from './payments/payments.ts';
import type { References, StoredPayment } from './payments/stored-payment.ts';
import { SandboxStorage } from './storage.ts';

export interface SimulatorOptions {
  /** 0 (default) picks a free port. */
  port?: number;
  host?: string;
  projectKey?: string;
  clientId?: string;
  clientSecret?: string;
  /** Chance of the faults; default Math.random. */
  random?: () => number;
  /** Milliseconds since the epoch, for tokens, sessions, payments and JWTs; default Date.now. Carts use the machine's clock. */
  now?: () => number;
  /** `expires_in` of a token; default 172,800 (two days), as commercetools. */
  tokenSeconds?: number;
  /** Lifetime of a session; default three hours. */
  sessionSeconds?: number;
}

/** All that the simulated project holds. */
export interface SimulatorState {
  payments: StoredPayment[];
  carts: Cart[];
  orders: unknown[];
  customers: unknown[];
  sessions: Session[];
  paymentMethods: unknown[];
  recurringPaymentJobs: RecurringPaymentJob[];
  types: unknown[];
}

/** A running commercetools project; every control method is also a route below `/_sandbox/`. */
export interface CommercetoolsSimulator {
  readonly url: string;
  readonly port: number;
  readonly projectKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Ends at once; open connections are cut. */
  close(): Promise<void>;
  /** Another API client; scopes without `:` are those of the project. */
  createClient(options: { scopes: readonly string[]; clientId?: string; clientSecret?: string }): ApiClient;
  /** A token as the client would get it, without the HTTP call. */
  issueToken(scopes?: readonly string[]): string;
  revokeTokens(): void;
  mintJwt(options?: JwtOptions): Promise<string>;
  rotateKeys(options?: { keepPrevious?: boolean }): Promise<string>;
  faults(): Faults['current'];
  setFaults(faults: Fault[]): void;
  /** With `payments`, only these (ids or keys) and the carts and sessions that lead to them. */
  state(filter?: { payments?: readonly string[] }): Promise<SimulatorState>;
  setSessionState(id: string, state: SessionState): Session;
  setCartTotal(id: string, centAmount: number): Promise<Cart>;
  log(filter?: CallFilter): Call[];
  /** Empties the project, the log and the faults. API clients, tokens, signing keys and types stay: they are its set-up. */
  reset(): Promise<void>;
}

/** Scopes of which one is needed, to read and to write a collection. */
const SCOPES: Record<string, { read: readonly string[]; write: readonly string[] }> = {
  payments: { read: ['view_payments', 'manage_payments'], write: ['manage_payments'] },
  carts: { read: ['view_orders', 'manage_orders'], write: ['manage_orders'] },
  orders: { read: ['view_orders', 'manage_orders'], write: ['manage_orders'] },
  customers: { read: ['view_customers', 'manage_customers'], write: ['manage_customers'] },
  types: { read: ['view_types', 'manage_types'], write: ['manage_types'] },
  products: { read: ['view_products', 'manage_products'], write: ['manage_products'] },
  'product-types': { read: ['view_products', 'manage_products'], write: ['manage_products'] },
  'tax-categories': { read: ['view_products', 'manage_products'], write: ['manage_products'] },
  'payment-methods': { read: ['view_payment_methods', 'manage_payment_methods'], write: ['manage_payment_methods'] },
  sessions: { read: ['view_sessions', 'manage_sessions'], write: ['manage_sessions'] },
  'recurring-payment-jobs': {
    read: ['view_recurring_payment_jobs', 'manage_recurring_payment_jobs'],
    write: ['manage_recurring_payment_jobs'],
  },
};

const clientSchema = z.strictObject({
  scopes: z.array(z.string()),
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
});
const jwtSchema = z.strictObject({
  claims: z.record(z.string(), z.unknown()).optional(),
  expiresIn: z.number().optional(),
  issuer: z.string().optional(),
  subject: z.string().optional(),
  projectKey: z.string().optional(),
});

const LOGGED_CALLS = 20_000;

/** What a request asks for. Throws ApiError for what is no path, such as `//`. */
function targetOf({ url = '/' }: IncomingMessage): URL {
  if (!URL.canParse(url, 'http://localhost')) throw new ApiError(400, 'InvalidInput', 'The URL cannot be read.');
  return new URL(url, 'http://localhost');
}

/**
 * Starts a commercetools project on one origin: OAuth, introspection, JWKS, the HTTP API, sessions, recurring payment jobs, and the
 * control plane below `/_sandbox/`.
 */
export async function startCommercetoolsSimulator(options: SimulatorOptions = {}): Promise<CommercetoolsSimulator> {
  const { port = 0, host = '127.0.0.1', projectKey = 'sandbox', now = Date.now } = options;
  const auth = new Auth({ projectKey, now, tokenSeconds: options.tokenSeconds ?? 172_800 });
  const client = auth.createClient({
    scopes: DEFAULT_SCOPES,
    clientId: options.clientId ?? 'sandbox-client',
    clientSecret: options.clientSecret ?? 'sandbox-secret',
  });
  await auth.rotateKeys();

  const storage = new SandboxStorage();
  const references: References = {
    findType: (ref) => storage.findType(ref),
    find: (typeId, ref) => (typeId === 'customer' ? storage.findCustomerId(ref) : ref.id),
  };
  const payments = new Payments(references, now);
  storage.payments = payments;
  const paymentMethods = new PaymentMethods(references, now);
  const jobs = new RecurringPaymentJobs(now);
  const sessions = new Sessions(now, options.sessionSeconds ?? 3 * 60 * 60);
  const mock = new MockApi({ storage, payments, projectKey });
  await mock.start();

  const faults = new Faults(options.random);
  const log = new CallLog(LOGGED_CALLS);
  const server = createServer((req, res) => void serve(req, res));

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      const target = targetOf(req);
      if (target.pathname.startsWith('/_sandbox/')) return send(res, 200, await control(req, target));
      logWhenDone(req, res);
      if (await faults.intercept(req, res)) return;
      const { status, body } = await answer(req, target);
      send(res, status, body);
    } catch (error) {
      const failure = error instanceof ApiError ? error : new ApiError(500, 'General', String(error));
      send(res, failure.status, failure.body());
    }
  }

  function logWhenDone(req: IncomingMessage, res: ServerResponse): void {
    const startedAt = performance.now();
    const at = new Date().toISOString();
    res.once('close', () => {
      const header = (name: string) => req.headers[name]?.toString();
      const traceparent = header('traceparent');
      const correlationId = header('x-correlation-id');
      const requestId = header('x-request-id');
      log.add({
        at,
        method: req.method ?? '',
        path: req.url ?? '',
        status: res.statusCode,
        ms: Math.round((performance.now() - startedAt) * 100) / 100,
        ...(traceparent !== undefined && { traceparent }),
        ...(correlationId !== undefined && { correlationId }),
        ...(requestId !== undefined && { requestId }),
      });
    });
  }

  async function answer(req: IncomingMessage, target: URL): Promise<ApiResponse> {
    const method = req.method === 'HEAD' ? 'GET' : (req.method ?? 'GET');
    const call = `${method} ${target.pathname}`;
    const { authorization } = req.headers;
    if (call === 'POST /oauth/token') return ok(auth.token(authorization, await form(req)));
    if (call === 'POST /oauth/introspect') return ok(auth.introspect(authorization, await form(req)));
    if (call === 'GET /.well-known/jwks.json') return ok(auth.jwks());

    const [project = '', collection = '', name, ...deeper] = target.pathname.slice(1).split('/');
    const scopes = Object.hasOwn(SCOPES, collection) ? SCOPES[collection] : undefined;
    const clientId = auth.authorize(
      authorization,
      decodeURIComponent(project),
      scopes?.[method === 'GET' ? 'read' : 'write'] ?? [],
    );
    if (project !== projectKey) throw new ApiError(404, 'ResourceNotFound', `URI not found: ${target.pathname}`);
    const request: ApiRequest = {
      method,
      collection,
      address: name && deeper.length === 0 ? addressOf(name) : undefined,
      url: target.pathname + target.search,
      params: target.searchParams,
      body: method === 'POST' ? json(await text(req)) : undefined,
      clientId,
    };
    switch (deeper.length === 0 ? collection : '') {
      case 'payments':
        return paymentCall(request);
      case 'payment-methods':
        return paymentMethodCall(request);
      case 'sessions':
        return sessionCall(request);
      case 'recurring-payment-jobs':
        if (method !== 'POST') return readCall(jobs, request);
        return created(
          jobs.create(request.body, {
            payment: (id) => payments.find({ id }) !== undefined,
            paymentMethod: (id) => paymentMethods.find({ id }) !== undefined,
          }),
        );
      default:
        return mock.handle(request);
    }
  }

  async function paymentCall(request: ApiRequest): Promise<ApiResponse> {
    const { method, address, params, body, clientId } = request;
    if (method === 'GET' && !address) {
      const page = await payments.query(params);
      return ok({ ...page, results: await Promise.all(page.results.map((each) => expanded(each, params))) });
    }
    if (method === 'GET' && address) return ok(await expanded(payments.get(address), params));
    if (method === 'POST' && !address) return created(await expanded(payments.create(body, clientId), params));
    if (method === 'POST' && address) return ok(await expanded(payments.update(address, body, clientId), params));
    if (method === 'DELETE' && address) return ok(payments.delete(address, versionOf(params)));
    throw notAllowed(request);
  }

  async function expanded(payment: StoredPayment, params: URLSearchParams): Promise<StoredPayment> {
    const paths = params.getAll('expand');
    return paths.length === 0 ? payment : storage.expand(projectKey, structuredClone(payment), paths);
  }

  async function paymentMethodCall(request: ApiRequest): Promise<ApiResponse> {
    const { method, address, params, body, clientId } = request;
    if (method === 'GET') return readCall(paymentMethods, request);
    if (method === 'POST' && !address) return created(paymentMethods.create(body, clientId));
    if (method === 'POST' && address) return ok(paymentMethods.update(address, body, clientId));
    if (method === 'DELETE' && address) {
      return ok(paymentMethods.remove(paymentMethods.getAtVersion(address, versionOf(params))));
    }
    throw notAllowed(request);
  }

  async function sessionCall(request: ApiRequest): Promise<ApiResponse> {
    const { method, address, body } = request;
    if (method === 'POST' && !address) return created(await sessions.create(body, (ref) => mock.findCart(ref)));
    if (method === 'GET' && address) return ok(sessions.get(address));
    if (method === 'DELETE' && address) return ok(sessions.remove(sessions.get(address)));
    throw notAllowed(request);
  }

  async function control(req: IncomingMessage, target: URL): Promise<unknown> {
    const call = `${req.method} ${target.pathname.slice('/_sandbox'.length)}`;
    const raw = req.method === 'GET' ? '' : await text(req);
    const body = raw === '' ? {} : json(raw);
    const query = (name: string) => target.searchParams.get(name) ?? undefined;
    const [, sessionId] = /^POST \/sessions\/([^/]+)$/.exec(call) ?? [];
    const [, cartId] = /^POST \/carts\/([^/]+)\/total$/.exec(call) ?? [];
    if (sessionId) {
      const { state } = checked(z.object({ state: z.enum(['ACTIVE', 'EXPIRED']) }), body);
      return simulator.setSessionState(decodeURIComponent(sessionId), state);
    }
    if (cartId)
      return simulator.setCartTotal(cartId, checked(z.object({ centAmount: z.int().min(0) }), body).centAmount);
    switch (call) {
      case 'GET /faults':
        return simulator.faults();
      case 'PUT /faults':
        simulator.setFaults(body as Fault[]);
        return simulator.faults();
      case 'GET /state': {
        const ids = target.searchParams.getAll('payments').flatMap((list) => list.split(','));
        return simulator.state(ids.length > 0 ? { payments: ids } : {});
      }
      case 'GET /log':
        return simulator.log({
          method: query('method'),
          match: query('match'),
          after: query('after') === undefined ? undefined : Number(query('after')),
          limit: query('limit') === undefined ? undefined : Number(query('limit')),
        });
      case 'POST /jwt':
        return { token: await simulator.mintJwt(checked(jwtSchema, body) as JwtOptions) };
      case 'POST /clients':
        return simulator.createClient(checked(clientSchema, body) as Parameters<typeof simulator.createClient>[0]);
      case 'POST /revoke-tokens':
        simulator.revokeTokens();
        return {};
      case 'POST /rotate-keys': {
        const { keepPrevious } = checked(z.strictObject({ keepPrevious: z.boolean().default(true) }), body);
        return { kid: await simulator.rotateKeys({ keepPrevious }) };
      }
      case 'POST /reset':
        await simulator.reset();
        return {};
      default:
        throw new ApiError(404, 'ResourceNotFound', `There is no control call ${call}`);
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const url = `http://${host}:${address.port}`;

  const simulator: CommercetoolsSimulator = {
    url,
    port: address.port,
    projectKey,
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    async close() {
      await closed(server);
      await mock.close();
    },
    createClient: (wanted) => auth.createClient(wanted),
    issueToken(scopes) {
      if (!scopes) return auth.issueToken(client.clientId, client.scope).access_token;
      const other = auth.createClient({ scopes });
      return auth.issueToken(other.clientId, other.scope).access_token;
    },
    revokeTokens: () => auth.revokeTokens(),
    mintJwt: (wanted = {}) => auth.mintJwt(wanted, url),
    rotateKeys: (wanted) => auth.rotateKeys(wanted),
    faults: () => faults.current,
    setFaults(wanted) {
      try {
        faults.replace(wanted);
      } catch (error) {
        if (error instanceof z.ZodError) throw invalidInput(z.prettifyError(error));
        throw error;
      }
    },
    async state({ payments: only } = {}) {
      const carts = (await mock.all('cart')) as Cart[];
      const everything: SimulatorState = {
        payments: payments.values(),
        carts,
        orders: await mock.all('order'),
        customers: await mock.all('customer'),
        sessions: sessions.values(),
        paymentMethods: paymentMethods.values(),
        recurringPaymentJobs: jobs.values(),
        types: storage.types(),
      };
      if (!only) return everything;
      const chosen = only.flatMap((ref) => payments.find({ id: ref }) ?? payments.find({ key: ref }) ?? []);
      const ids = new Set(chosen.map((payment) => payment.id));
      const theirCarts = carts.filter((cart) => cart.paymentInfo?.payments.some((payment) => ids.has(payment.id)));
      const cartIds = new Set(theirCarts.map((cart) => cart.id));
      return {
        ...everything,
        payments: chosen,
        carts: theirCarts,
        sessions: everything.sessions.filter((session) => cartIds.has(session.activeCart.cartRef.id)),
      };
    },
    setSessionState: (id, state) => sessions.setState(id, state),
    setCartTotal: (id, centAmount) => mock.setCartTotal(id, centAmount),
    log: (filter) => log.list(filter),
    async reset() {
      await mock.reset();
      for (const collection of [payments, paymentMethods, jobs, sessions]) collection.clear();
      faults.replace([]);
      log.clear();
    },
  };
  return simulator;
}

const ok = (body: unknown): ApiResponse => ({ status: 200, body });
const created = (body: unknown): ApiResponse => ({ status: 201, body });

async function readCall<T extends Resource>(collection: Collection<T>, request: ApiRequest): Promise<ApiResponse> {
  if (request.method !== 'GET') throw notAllowed(request);
  return ok(request.address ? collection.get(request.address) : await collection.query(request.params));
}

const notAllowed = ({ method, url }: ApiRequest): ApiError =>
  new ApiError(405, 'General', `Method ${method} is not allowed for ${url}.`);

function addressOf(segment: string): Address {
  const name = decodeURIComponent(segment);
  return name.startsWith('key=') ? { key: name.slice('key='.length) } : { id: name };
}

function versionOf(params: URLSearchParams): number {
  const version = params.get('version');
  if (version === null) throw invalidInput("Missing required parameter 'version'.");
  return Number(version);
}

async function text(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const form = async (req: IncomingMessage): Promise<URLSearchParams> => new URLSearchParams(await text(req));

function json(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidJson(error.message);
    throw error;
  }
}

function checked<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (!result.success) throw invalidInput(z.prettifyError(result.error));
  return result.data;
}

/** Status and headers are set, not written, so that a fault that loses the answer can still replace them. */
function send(res: ServerResponse, status: number, body: unknown): void {
  if (res.destroyed) return;
  const payload = JSON.stringify(body ?? {});
  res.statusCode = status;
  res.setHeader('content-type', 'application/json; charset=utf-8');
  res.setHeader('content-length', Buffer.byteLength(payload));
  res.end(payload);
}

async function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await done;
}
