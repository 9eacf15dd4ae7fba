import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Faults } from '@connector/simulator-faults';
import { ROUTES } from './api.ts';
import { type ApiKeys, authorize } from './authorize.ts';
import { describedNames, refuseUndescribed } from './described.ts';
import { StripeApiError } from './errors.ts';
import { allowAnyOrigin, type Handler, header, readBody } from './exchange.ts';
import { expand } from './expand.ts';
import type { Claim, IdempotencyKeys } from './idempotency.ts';
import { API_VERSION } from './objects.ts';
import { decodeForm, Params, type RawParams, refuseUnknown } from './params.ts';
import { publicView } from './public-view.ts';
import { refuseKey, refuseVersion } from './refusals.ts';
import type { Route } from './routes/route.ts';
import { type Simulation, token } from './simulation.ts';
import type { EndpointSecrets } from './webhook-endpoints.ts';

/** Since this version `payment_method_types` is no parameter of a PaymentIntent any more. */
const ALLOWED_TYPES_SINCE = '2026-09-30';

export interface ApiOptions extends ApiKeys {
  simulation: Simulation;
  endpointSecrets: EndpointSecrets;
  faults: Faults;
  idempotencyKeys: IdempotencyKeys;
}

interface Answer {
  status: number;
  body: string;
}

/** A request that may begin: its route, the id in its path, and its parameters as they came. */
interface Admitted {
  route: Route;
  id: string;
  raw: RawParams;
  isPublishable: boolean;
}

/** Serves /v1 as Stripe's API does. */
export function apiHandler(options: ApiOptions): Handler {
  const { faults, idempotencyKeys } = options;

  return async (req, res, path, query) => {
    allowAnyOrigin(res);
    if (req.method === 'OPTIONS') {
      res.writeHead(204).end();
      return;
    }
    const requestId = `req_${token(14)}`;
    const body = await readBody(req);
    let call: Admitted;
    try {
      call = admit(options, req, path, query, body);
    } catch (error) {
      if (!(await faults.intercept(req, res))) respond(req, res, requestId, toAnswer(error, false));
      return;
    }
    const key = req.method === 'POST' ? header(req, 'idempotency-key') : undefined;
    const claim = key
      ? idempotencyKeys.claim(call.isPublishable ? 'pk' : 'sk', key, { endpoint: path, parameters: inOrder(call.raw) })
      : WITHOUT_KEY;
    if (await faults.intercept(req, res)) {
      if (claim.kind === 'execute') claim.release();
      return;
    }
    if (claim.kind === 'refused') {
      respond(req, res, requestId, toAnswer(claim.error, false));
      return;
    }
    if (claim.kind === 'replay') {
      res.setHeader('idempotent-replayed', 'true');
      res.setHeader('original-request', claim.answer.requestId);
      if (claim.answer.status >= 500) res.setHeader('stripe-should-retry', 'false');
      respond(req, res, requestId, claim.answer);
      return;
    }
    const request = { id: requestId, idempotency_key: key ?? null };
    const answer = execute(options, call, request, header(req, 'stripe-version'), claim);
    respond(req, res, requestId, answer);
    // A 500 that took effect is Stripe's own result and stays under its key; other 5xx come from a proxy before it.
    if (res.statusCode !== answer.status && res.statusCode === 500) {
      const failed = { error: { type: 'api_error', message: 'An unknown error occurred' } };
      claim.store({ status: 500, body: JSON.stringify(failed), requestId });
    }
  };
}

type Execution = Extract<Claim, { kind: 'execute' }>;
const WITHOUT_KEY = { kind: 'execute', release: () => {}, store: () => {} } as Claim;

/** What Stripe checks before a call begins. Throws StripeApiError. */
function admit(options: ApiOptions, req: IncomingMessage, path: string, query: string, body: string): Admitted {
  const [, , resource = '', second, third] = path.split('/');
  const rest = third ? `/${third}` : '';
  const exact = `${req.method} ${resource}${second ? `/${second}` : ''}${rest}`;
  const name = ROUTES[exact] || !second ? exact : `${req.method} ${resource}/:id${rest}`;
  const route = ROUTES[name];
  const raw: RawParams = { ...(query ? decodeForm(query) : {}), ...(body ? decodeForm(body) : {}) };
  const isPublishable = authorize(req, raw, options, route);
  if (!route) throw unknownRoute(`${req.method}: ${path}`);
  const stripeVersion = header(req, 'stripe-version');
  const known = new Set([...route.params, ...describedNames(name)]);
  if (resource === 'payment_intents' && (stripeVersion ?? API_VERSION) >= ALLOWED_TYPES_SINCE)
    known.delete('payment_method_types');
  refuseVersion(stripeVersion);
  refuseKey(req.method === 'POST' ? header(req, 'idempotency-key') : undefined);
  refuseUnknown(raw, known);
  refuseUndescribed(name, raw);
  return { route, id: name === exact ? '' : decodeURIComponent(second ?? ''), raw, isPublishable };
}

const unknownRoute = (call: string): StripeApiError =>
  new StripeApiError(
    404,
    {
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${call}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
    },
    true,
  );

/** The same text for the same parameters, in whatever order they came. */
const inOrder = (raw: RawParams): string =>
  JSON.stringify(raw, (_name, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );

/** Runs the call, and keeps what came of it under its idempotency key. */
function execute(
  { simulation, endpointSecrets }: ApiOptions,
  { route, id, raw, isPublishable }: Admitted,
  request: { id: string; idempotency_key: string | null },
  stripeVersion: string | undefined,
  claim: Execution,
): Answer {
  simulation.request = request;
  try {
    const params = new Params(raw);
    const result = route.run({ simulation, endpointSecrets, params, id, isPublishable, stripeVersion });
    const expanded = raw.expand === undefined ? result : expand(simulation, result, params.strings('expand') ?? []);
    const answer = { status: 200, body: JSON.stringify(isPublishable ? publicView(expanded) : expanded) };
    claim.store({ ...answer, requestId: request.id });
    return answer;
  } catch (error) {
    const answer = toAnswer(error, isPublishable);
    // Stripe keeps no result of a call that it refused before beginning it.
    if (error instanceof StripeApiError && error.isValidation) claim.release();
    else claim.store({ ...answer, requestId: request.id });
    return answer;
  } finally {
    simulation.request = null;
  }
}

function toAnswer(error: unknown, isPublishable: boolean): Answer {
  if (!(error instanceof StripeApiError)) throw error;
  const { payment_intent: paymentIntent } = error.body;
  const body =
    isPublishable && paymentIntent ? { ...error.body, payment_intent: publicView(paymentIntent) } : error.body;
  return { status: error.status, body: JSON.stringify({ error: body }) };
}

function respond(req: IncomingMessage, res: ServerResponse, requestId: string, answer: Answer): void {
  // Headers are set one by one, so that a fault may still replace the whole answer.
  res.statusCode = answer.status;
  res.setHeader('content-type', 'application/json');
  res.setHeader('content-length', Buffer.byteLength(answer.body));
  res.setHeader('request-id', requestId);
  res.setHeader('stripe-version', header(req, 'stripe-version') ?? API_VERSION);
  const key = header(req, 'idempotency-key');
  if (key) res.setHeader('idempotency-key', key);
  res.end(answer.body);
}
