import type { IncomingMessage } from 'node:http';
import type { Fault } from '@connector/simulator-faults';
import * as z from 'zod';
import type { JwtOptions } from './auth.ts';
import type { CommercetoolsSimulator } from './controls.ts';
import { ApiError } from './errors.ts';
import { checked, json, text } from './http.ts';

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

const keysSchema = z.strictObject({ keepPrevious: z.boolean().default(true) });
const stateSchema = z.object({ state: z.enum(['ACTIVE', 'EXPIRED']) });
const totalSchema = z.object({ centAmount: z.int().min(0) });

interface ControlCall {
  simulator: CommercetoolsSimulator;
  /** The id in the path, '' when the route has none. */
  id: string;
  query: URLSearchParams;
  body: unknown;
}

/** Keys are `METHOD path` with `:id` for the id. */
const CONTROLS: Readonly<Record<string, (call: ControlCall) => unknown>> = {
  'GET /faults': ({ simulator }) => simulator.faults(),
  'PUT /faults': ({ simulator, body }) => {
    simulator.setFaults(body as Fault[]);
    return simulator.faults();
  },
  'GET /state': ({ simulator, query }) => {
    const payments = query.getAll('payments').flatMap((list) => list.split(','));
    return simulator.state(payments.length > 0 ? { payments } : {});
  },
  'GET /log': ({ simulator, query }) => {
    const number = (name: string) => (query.has(name) ? Number(query.get(name)) : undefined);
    const [method, match] = [query.get('method') ?? undefined, query.get('match') ?? undefined];
    return simulator.log({ method, match, after: number('after'), limit: number('limit') });
  },
  'POST /sessions/:id': ({ simulator, id, body }) => simulator.setSessionState(id, checked(stateSchema, body).state),
  'POST /carts/:id/total': ({ simulator, id, body }) =>
    simulator.setCartTotal(id, checked(totalSchema, body).centAmount),
  'POST /jwt': async ({ simulator, body }) => ({
    token: await simulator.mintJwt(checked(jwtSchema, body) as JwtOptions),
  }),
  'POST /clients': ({ simulator, body }) =>
    simulator.createClient(checked(clientSchema, body) as Parameters<typeof simulator.createClient>[0]),
  'POST /revoke-tokens': ({ simulator }) => simulator.revokeTokens(),
  'POST /rotate-keys': async ({ simulator, body }) => ({
    kid: await simulator.rotateKeys(checked(keysSchema, body)),
  }),
  'POST /reset': ({ simulator }) => simulator.reset(),
};

/** Answers a call below `/_sandbox/`. Throws ApiError 400, 404. */
export async function controlCall(
  simulator: CommercetoolsSimulator,
  req: IncomingMessage,
  target: URL,
): Promise<unknown> {
  const [resource = '', id = '', ...rest] = target.pathname.slice('/_sandbox/'.length).split('/');
  const name = [`${req.method} /${resource}`, ...(id ? [':id'] : []), ...rest].join('/');
  const control = Object.hasOwn(CONTROLS, name) ? CONTROLS[name] : undefined;
  if (!control) {
    throw new ApiError(404, 'ResourceNotFound', `There is no control call ${req.method} ${target.pathname}`);
  }
  const raw = req.method === 'GET' ? '' : await text(req);
  const body = raw === '' ? {} : json(raw);
  return (await control({ simulator, id: decodeURIComponent(id), query: target.searchParams, body })) ?? {};
}
