import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Faults } from '@connector/simulator-faults';
import * as z from 'zod';
import type { ApiResponse } from './api-request.ts';
import { ok } from './api-request.ts';
import { type ApiClient, Auth, DEFAULT_SCOPES } from './auth.ts';
import { CallLog } from './call-log.ts';
import { controlCall } from './control-routes.ts';
import type { CommercetoolsSimulator } from './controls.ts';
import { ApiError, invalidInput } from './errors.ts';
import { addressOf, closed, form, json, send, targetOf, text } from './http.ts';
import { Project } from './project.ts';
import { SCOPES } from './scopes.ts';

export interface SimulatorOptions {
  /** 0 (default) picks a free port. */
  port?: number;
  host?: string;
  projectKey?: string;
  clientId?: string;
  clientSecret?: string;
  /** Random source of the faults; default Math.random. */
  random?: () => number;
  /** Milliseconds since the epoch, for tokens, sessions, payments and JWTs; default Date.now. Carts use the machine's clock. */
  now?: () => number;
  /** `expires_in` of a token, in s; default 172,800 (two days), as at commercetools. */
  tokenSeconds?: number;
  /** Lifetime of a session; default three hours. */
  sessionSeconds?: number;
}

const LOGGED_CALLS = 20_000;

/** The parts of a running simulator. */
interface Parts {
  projectKey: string;
  auth: Auth;
  client: ApiClient;
  project: Project;
  faults: Faults;
  log: CallLog;
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
  const project = new Project({ key: projectKey, now, sessionSeconds: options.sessionSeconds ?? 3 * 60 * 60 });
  await project.start();
  const faults = new Faults(options.random);
  const parts: Parts = { projectKey, auth, client, project, faults, log: new CallLog(LOGGED_CALLS) };

  const server = createServer((req, res) => void serve(parts, () => simulator, req, res));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const simulator: CommercetoolsSimulator = {
    url: `http://${host}:${address.port}`,
    port: address.port,
    ...controlsOf(parts, `http://${host}:${address.port}`),
    async close() {
      await closed(server);
      await project.close();
    },
  };
  return simulator;
}

function controlsOf(
  { projectKey, auth, client, project, faults, log }: Parts,
  url: string,
): Omit<CommercetoolsSimulator, 'url' | 'port' | 'close'> {
  return {
    projectKey,
    clientId: client.clientId,
    clientSecret: client.clientSecret,
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
    state: (filter) => project.state(filter),
    setSessionState: (id, state) => project.sessions.setState(id, state),
    setCartTotal: (id, centAmount) => project.setCartTotal(id, centAmount),
    log: (filter) => log.list(filter),
    async reset() {
      await project.reset();
      faults.replace([]);
      log.clear();
    },
  };
}

async function serve(
  parts: Parts,
  simulator: () => CommercetoolsSimulator,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  try {
    const target = targetOf(req);
    if (target.pathname.startsWith('/_sandbox/')) return send(res, 200, await controlCall(simulator(), req, target));
    logWhenDone(parts.log, req, res);
    if (await parts.faults.intercept(req, res)) return;
    const { status, body } = await answer(parts, req, target);
    send(res, status, body);
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError(500, 'General', String(error));
    send(res, failure.status, failure.body());
  }
}

function logWhenDone(log: CallLog, req: IncomingMessage, res: ServerResponse): void {
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

async function answer(parts: Parts, req: IncomingMessage, target: URL): Promise<ApiResponse> {
  const { auth, projectKey } = parts;
  const method = req.method === 'HEAD' ? 'GET' : (req.method ?? 'GET');
  const call = `${method} ${target.pathname}`;
  const { authorization } = req.headers;
  if (call === 'POST /oauth/token') return ok(auth.token(authorization, await form(req)));
  if (call === 'POST /oauth/introspect') return ok(auth.introspect(authorization, await form(req)));
  if (call === 'GET /.well-known/jwks.json') return ok(auth.jwks());

  const [inProject = '', collection = '', name, ...deeper] = target.pathname.slice(1).split('/');
  const scopes = Object.hasOwn(SCOPES, collection) ? SCOPES[collection] : undefined;
  const needed = scopes?.[method === 'GET' ? 'read' : 'write'] ?? [];
  const caller = auth.authorize(authorization, decodeURIComponent(inProject), needed);
  if (inProject !== projectKey) throw new ApiError(404, 'ResourceNotFound', `URI not found: ${target.pathname}`);
  const request = {
    method,
    collection,
    address: name && deeper.length === 0 ? addressOf(name) : undefined,
    url: target.pathname + target.search,
    params: target.searchParams,
    body: method === 'POST' ? json(await text(req)) : undefined,
    ...caller,
  };
  return parts.project.answer(request, deeper.length === 0 ? collection : '');
}
