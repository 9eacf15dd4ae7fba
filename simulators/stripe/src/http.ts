import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Faults } from '@connector/simulator-faults';
import { ROUTES } from './api.ts';
import { describedNames, refuseUndescribed } from './described.ts';
import { StripeApiError } from './errors.ts';
import { expand } from './expand.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { API_VERSION } from './objects.ts';
import { decodeForm, Params, type RawParams, refuseUnknown } from './params.ts';
import { refuseKey, refuseVersion } from './refusals.ts';
import type { Call, Route } from './routes/route.ts';
import { type Simulation, token } from './simulation.ts';
import type { EndpointSecrets } from './webhook-endpoints.ts';

/** Fields of a PaymentIntent that a shopper's page may see. */
const PUBLIC_FIELDS = new Set(
  'id object amount amount_details automatic_payment_methods canceled_at cancellation_reason capture_method client_secret confirmation_method created currency description last_payment_error livemode next_action payment_method payment_method_configuration_details payment_method_types processing receipt_email setup_future_usage shipping source status'.split(
    ' ',
  ),
);
const MAX_BODY_BYTES = 1_000_000;
/** Since this version `payment_method_types` is no parameter of a PaymentIntent any more. */
const ALLOWED_TYPES_SINCE = '2026-09-30';

export interface ApiOptions {
  simulation: Simulation;
  endpointSecrets: EndpointSecrets;
  faults: Faults;
  idempotencyKeys: IdempotencyKeys;
  /** Keys to insist on; absent: any of the right shape. */
  secretKey?: string | undefined;
  publishableKey?: string | undefined;
}

interface Answer {
  status: number;
  body: string;
}

/** Serves /v1 as Stripe's API does. */
export function apiHandler(
  options: ApiOptions,
): (req: IncomingMessage, res: ServerResponse, path: string, query: string) => Promise<void> {
  const { simulation, faults, idempotencyKeys } = options;

  return async (req, res, path, query) => {
    const requestId = `req_${token(14)}`;
    allowAnyOrigin(res);
    if (req.method === 'OPTIONS') {
      res.writeHead(204).end();
      return;
    }
    const body = await readBody(req);
    let call: { route: Route; id: string; raw: RawParams; isPublishable: boolean };
    try {
      call = admit(req, path, query, body);
    } catch (error) {
      if (await faults.intercept(req, res)) return;
      respond(req, res, requestId, toAnswer(error, false));
      return;
    }
    const key = req.method === 'POST' ? header(req, 'idempotency-key') : undefined;
    const claim = key
      ? idempotencyKeys.claim(`${call.isPublishable ? 'pk' : 'sk'} ${key}`, `${req.method} ${path}\n${body}`)
      : null;
    if (await faults.intercept(req, res)) {
      if (claim?.kind === 'execute') claim.release();
      return;
    }
    if (claim?.kind === 'refused') {
      respond(req, res, requestId, toAnswer(claim.error, false));
      return;
    }
    if (claim?.kind === 'replay') {
      res.setHeader('idempotent-replayed', 'true');
      res.setHeader('original-request', claim.answer.requestId);
      if (claim.answer.status >= 500) res.setHeader('stripe-should-retry', 'false');
      respond(req, res, requestId, claim.answer);
      return;
    }
    let answer: Answer;
    simulation.request = { id: requestId, idempotency_key: key ?? null };
    try {
      const { route, raw, isPublishable } = call;
      const params = new Params(raw);
      const result = route.run({
        simulation,
        endpointSecrets: options.endpointSecrets,
        params,
        id: call.id,
        isPublishable,
        stripeVersion: header(req, 'stripe-version'),
      } satisfies Call);
      const expanded = raw.expand === undefined ? result : expand(simulation, result, params.strings('expand') ?? []);
      answer = { status: 200, body: JSON.stringify(isPublishable ? publicView(expanded) : expanded) };
      claim?.store({ ...answer, requestId });
    } catch (error) {
      answer = toAnswer(error, call.isPublishable);
      // Stripe keeps no result of a call that it refused before beginning it.
      if (error instanceof StripeApiError && error.isValidation) {
        if (claim?.kind === 'execute') claim.release();
      } else claim?.store({ ...answer, requestId });
    } finally {
      simulation.request = null;
    }
    respond(req, res, requestId, answer);
    // A 500 that took effect is Stripe's own result and stays under its key; other 5xx come from a proxy before it.
    if (res.statusCode !== answer.status && res.statusCode === 500) {
      const failed = { error: { type: 'api_error', message: 'An unknown error occurred' } };
      claim?.store({ status: 500, body: JSON.stringify(failed), requestId });
    }
  };

  function admit(req: IncomingMessage, path: string, query: string, body: string) {
    const [, , resource = '', second, third] = path.split('/');
    const rest = third ? `/${third}` : '';
    const exact = `${req.method} ${resource}${second ? `/${second}` : ''}${rest}`;
    const name = ROUTES[exact] || !second ? exact : `${req.method} ${resource}/:id${rest}`;
    const route = ROUTES[name];
    const raw: RawParams = {
      ...(query ? decodeForm(query) : {}),
      ...(body ? decodeForm(body) : {}),
    };
    const isPublishable = authorize(req, raw, options, route);
    if (!route) {
      throw new StripeApiError(
        404,
        {
          type: 'invalid_request_error',
          message: `Unrecognized request URL (${req.method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`,
        },
        true,
      );
    }
    const known = new Set([...route.params, ...describedNames(name)]);
    const version = header(req, 'stripe-version') ?? API_VERSION;
    if (resource === 'payment_intents' && version >= ALLOWED_TYPES_SINCE) known.delete('payment_method_types');
    refuseVersion(header(req, 'stripe-version'));
    refuseKey(req.method === 'POST' ? header(req, 'idempotency-key') : undefined);
    refuseUnknown(raw, known);
    refuseUndescribed(name, raw);
    return { route, id: name === exact ? '' : decodeURIComponent(second ?? ''), raw, isPublishable };
  }
}

/** True for a publishable key. Throws 401 for a missing, unknown or wrong-shaped key, and for a page calling what only servers may. */
function authorize(req: IncomingMessage, raw: RawParams, options: ApiOptions, route: Route | undefined): boolean {
  const key = keyOf(req) ?? (typeof raw.key === 'string' ? raw.key : undefined);
  if (!key) {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
    );
  }
  const isPublishable = key.startsWith('pk_');
  const expected = isPublishable ? options.publishableKey : options.secretKey;
  const hasShape = isPublishable ? /^pk_test_\w+$/.test(key) : /^(?:sk|rk)_test_\w+$/.test(key);
  if (!hasShape || (expected !== undefined && key !== expected)) {
    throw unauthorized(
      `Invalid API Key provided: ${key.slice(0, 8)}${'*'.repeat(Math.max(key.length - 12, 4))}${key.slice(-4)}`,
    );
  }
  if (isPublishable && route && !route.isPublic) {
    throw unauthorized(
      'This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.',
      'secret_key_required',
    );
  }
  return isPublishable;
}

const unauthorized = (message: string, code?: string): StripeApiError =>
  new StripeApiError(401, { type: 'invalid_request_error', message, ...(code ? { code } : {}) }, true);

function keyOf(req: IncomingMessage): string | undefined {
  const { authorization } = req.headers;
  if (authorization?.startsWith('Bearer ')) return authorization.slice(7).trim() || undefined;
  if (authorization?.startsWith('Basic ')) {
    return Buffer.from(authorization.slice(6), 'base64').toString().split(':')[0] || undefined;
  }
  return undefined;
}

function publicView(answer: object): object {
  const record = answer as Record<string, unknown>;
  if (record.object === 'payment_intent') {
    return Object.fromEntries(Object.entries(record).filter(([name]) => PUBLIC_FIELDS.has(name)));
  }
  if (record.object === 'elements_session' && record.payment_intent) {
    return { ...record, payment_intent: publicView(record.payment_intent as object) };
  }
  return answer;
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

export function allowAnyOrigin(res: ServerResponse): void {
  res.setHeader('access-control-allow-origin', '*');
  res.setHeader('access-control-allow-methods', 'GET, HEAD, PUT, POST, DELETE');
  res.setHeader('access-control-allow-headers', '*, authorization, content-type, stripe-version, idempotency-key');
  res.setHeader('access-control-expose-headers', 'Request-Id');
  res.setHeader('access-control-max-age', '300');
}

function header(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Reads a small body as text; a larger one ends the connection. */
export async function readBody(req: IncomingMessage): Promise<string> {
  if (req.method === 'GET' || req.method === 'HEAD') {
    req.resume();
    return '';
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) {
      req.destroy();
      throw new Error('request body too large');
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
