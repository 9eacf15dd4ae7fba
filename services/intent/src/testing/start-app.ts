import { UnauthorizedError } from '@connector/errors';
import { createHttpServer } from '@connector/http';
import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import type { Callers } from '../adapters/callers.ts';
import { rememberingCarts } from '../adapters/remembered-carts.ts';
import { rememberingCustomers } from '../adapters/remembered-customers.ts';
import { createRoutes, type Ports } from '../app.ts';
import { configSchema } from '../config.ts';
import { EXAMPLE_ENVIRONMENT } from '../documentation.ts';
import type { Session } from '../domain/session.ts';
import type { RecordedTransactions } from '../use-cases/ports.ts';
import type { FakeWorld } from './fake-world.ts';

/** Credentials that the fake session-auth accepts. */
const SESSION_ID = 'session-1';
export const JWT = 'Bearer good-jwt';
/** One token for each permission. */
export const tokenFor = (permission: string) => `Bearer ${permission}`;

const fakeCallers = (session: Session): Callers => ({
  session: async (sessionId) => {
    if (sessionId !== SESSION_ID) throw new UnauthorizedError('invalid_token', 'Session is not active');
    return session;
  },
  jwt: async (authorization) => {
    if (authorization !== JWT) throw new UnauthorizedError('invalid_token', 'jwt malformed');
  },
  oauth2: async (authorization, anyOf) => {
    if (anyOf.some((permission) => authorization === tokenFor(permission))) return;
    throw new UnauthorizedError('invalid_token', 'Not authorized', { validAuthorities: anyOf });
  },
});

/** A ledger that records whatever is published at once. */
const promptLedger: RecordedTransactions = {
  isListening: true,
  listenTo: () => ({
    heard: () => undefined,
    first: async () => ({ kind: 'recorded', causeId: '', paymentId: '', transactions: [] }),
    [Symbol.dispose]: () => {},
  }),
};

export interface RunningApp extends AsyncDisposable {
  readonly url: string;
  call(
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: unknown; session?: boolean; token?: string },
  ): Promise<{ status: number; body: unknown; text: string; headers: Headers }>;
}

/** intent over HTTP on a free port, with `fake` behind it. */
export async function startApp(
  fake: FakeWorld,
  {
    env = {},
    session = { cartId: 'cart-1' },
    ports = {},
  }: { env?: Record<string, string>; session?: Session; ports?: Partial<Ports> } = {},
): Promise<RunningApp> {
  const log = createLogger('intent', 'silent');
  const config = parseConfig(configSchema, { ...EXAMPLE_ENVIRONMENT, ...env });
  const routes = createRoutes({
    config,
    ports: {
      callers: fakeCallers(session),
      carts: rememberingCarts(fake.carts, { max: 10 }),
      customers: rememberingCustomers(fake.customers, { max: 10 }),
      payments: fake.payments,
      paymentIntents: fake.paymentIntents,
      events: fake.events,
      recorded: promptLedger,
      storedMethods: fake.storedMethods,
      stripeCustomers: fake.stripeCustomers,
      healthChecks: [],
      ...ports,
    },
    inBackground: fake.inBackground,
    log,
  });
  const server = createHttpServer({ log, port: 0, routes });
  await server.start?.();
  const url = `http://127.0.0.1:${server.port}`;
  return {
    url,
    call: async (method, path, { headers = {}, body, session: withSession, token } = {}) => {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(withSession && { 'x-session-id': SESSION_ID }),
          ...(token && { authorization: token }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json');
      return { status: answer.status, text, headers: answer.headers, body: isJson ? JSON.parse(text) : undefined };
    },
    [Symbol.asyncDispose]: async () => {
      await fake.settled();
      await server.stop?.();
    },
  };
}
