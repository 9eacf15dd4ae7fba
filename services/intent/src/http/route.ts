import type { Access } from '@connector/contracts';
import { PermanentError, UnauthorizedError } from '@connector/errors';
import { type Claim, requestId, requestSpan, withClaim, withCorrelationId, withoutPort } from '@connector/http';
import { type Logger, metrics } from '@connector/telemetry';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import * as z from 'zod';
import type { Callers } from '../adapters/callers.ts';
import type { Session } from '../domain/session.ts';
import { jsonBody } from './json-body.ts';
import { RateLimitedError, type RateLimiter } from './rate-limit.ts';

/** The sides that a handler calls; "update" means calls that can meet a version conflict. */
export type Called = 'commercetools' | 'commercetools updates' | 'stripe' | 'kafka';

/** One documented answer; without a schema it has no body. */
export interface Answered {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default `application/json`; `text/plain` bodies are strings. */
  readonly contentType?: 'application/json' | 'text/plain';
}

type Answers = Readonly<Record<number, Answered>>;

type BodyOf<A> = A extends { schema: infer B extends z.ZodType } ? z.input<B> : undefined;

/** One of the route's answers; only `reply` can create it, so that status and body fit. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;

/** Ids that identify a request, named as in trace attributes. */
export interface Annotation {
  readonly 'commercetools.payment.id'?: string;
  readonly 'stripe.payment_intent.id'?: string;
  readonly 'connector.outcome'?: string;
  /** Why a caller with valid credentials was refused. */
  readonly 'connector.reason'?: string;
}

/** The input of a handler: everything parsed, and the caller verified. */
export interface Call<A extends Access, P, H, B, R> {
  readonly session: A extends { scheme: 'session' } ? Session : undefined;
  readonly params: Parsed<P>;
  readonly headers: Parsed<H>;
  readonly body: Parsed<B>;
  readonly requestId: string;
  /** Adds ids of the payment to the trace and the log. */
  annotate(ids: Annotation): void;
  /** Creates an answer of the route: a documented status with its body. */
  reply<S extends keyof R & number>(...answer: BodyOf<R[S]> extends undefined ? [S] : [S, BodyOf<R[S]>]): Answer;
}

/** A route as data, from which parsing, checks, answers and the OpenAPI document follow. */
export interface RouteDefinition<
  A extends Access = Access,
  P extends z.ZodObject | undefined = z.ZodObject | undefined,
  H extends z.ZodObject | undefined = z.ZodObject | undefined,
  B extends z.ZodType | undefined = z.ZodType | undefined,
  R extends Answers = Answers,
> {
  readonly method: 'get' | 'post' | 'delete';
  /** The path in OpenAPI's form: `/confirmPayments/{id}`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly auth: A;
  /** The sides whose refusals and failures the handler passes on, besides its own answers. */
  readonly passesOn?: readonly Called[];
  readonly params?: P;
  readonly headers?: H;
  /** A POST without a schema accepts any JSON and ignores it. */
  readonly body?: B;
  readonly answers: R;
  /** Whether its calls go first when Stripe or commercetools limits calls: without them nobody can pay. */
  readonly isOpening?: boolean;
  /** Whether it counts towards the limit of payments per session. */
  readonly limitedPerSession?: boolean;
  handle(call: Call<A, P, H, B, R>): Promise<Answer>;
}

/** Checks the types of one definition together; a list of definitions does not keep them. */
export const defineRoute = <
  const A extends Access,
  P extends z.ZodObject | undefined = undefined,
  H extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  const R extends Answers = Answers,
>(
  definition: RouteDefinition<A, P, H, B, R>,
): RouteDefinition => definition as unknown as RouteDefinition;

export interface RouteDeps {
  log: Logger;
  callers: Callers;
  limits: {
    /** Limits requests of an address. */
    requests: RateLimiter;
    /** Limits refused credentials of an address. */
    denials: RateLimiter;
    /** Limits payments of a session. */
    opens: RateLimiter;
  };
}

/**
 * The routes, each with its checks in order. Operations, which need a token, check the caller before they read a byte
 * of the body (ADR 14). Routes with a session keep the contract's order: body, schema, caller, then the handler.
 */
export function routerOf(definitions: readonly RouteDefinition[], deps: RouteDeps): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const definition of definitions) {
    const path = definition.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const parsers = definition.method === 'post' ? jsonBody() : [];
    const first = isOperation(definition.auth) ? [callerCheck(definition, path, deps)] : [];
    router[definition.method](path, requestLimit(deps), ...first, ...parsers, handlerOf(definition, path, deps));
  }
  return router;
}

const isOperation = ({ scheme }: Access): boolean => scheme === 'jwt' || scheme === 'oauth2';

const askingOf = ({ method }: RouteDefinition, path: string) => ({ method: method.toUpperCase(), route: path });

const callerCheck =
  (definition: RouteDefinition, path: string, deps: RouteDeps): RequestHandler =>
  async (req, res, next) => {
    await verified(req, res, definition.auth, askingOf(definition, path), deps);
    next();
  };

const addressOf = (req: Request): string => withoutPort(req.ip ?? 'unknown');

const requestLimit =
  ({ limits }: RouteDeps): RequestHandler =>
  (req, res, next) => {
    limited(res, () => limits.requests.take(addressOf(req)));
    next();
  };

/** Adds `Retry-After` to a refusal. */
function limited(res: Response, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof RateLimitedError) res.setHeader('retry-after', String(error.retryAfterS));
    throw error;
  }
}

/**
 * How long a request's calls may wait for a limit, in ms. The caller must be told within three seconds to try again;
 * the rest is for the calls themselves.
 */
const PATIENCE_MS = 1_500;
const claimOf = ({ isOpening }: RouteDefinition): Claim => ({
  priority: isOpening ? 'urgent' : 'high',
  patienceMs: PATIENCE_MS,
});

function handlerOf(definition: RouteDefinition, path: string, deps: RouteDeps): RequestHandler {
  const { auth, params, headers, body, answers, handle, limitedPerSession } = definition;
  const asking = askingOf(definition, path);
  // The refused values belong in the answer.
  const options = { reportInput: true };
  return async (req, res) => {
    const parsed = {
      params: params?.parse(req.params, options),
      headers: headers?.parse(req.headers, options),
      body: body?.parse(req.body, options),
    };
    const session = isOperation(auth) ? undefined : await verified(req, res, auth, asking, deps);
    if (session) requestSpan(req)?.setAttribute('commercetools.cart.id', session.cartId);
    if (limitedPerSession) limited(res, () => deps.limits.opens.take(req.get('x-session-id') ?? ''));
    const reply = (status: number, answer?: unknown): Answer => ({ status, body: answer });
    const ids: Record<string, string> = {};
    const annotate = (given: Annotation) => {
      Object.assign(ids, given);
      requestSpan(req)?.setAttributes({ ...given });
    };
    const call = { ...parsed, session, requestId: requestId(res), reply, annotate } as Parameters<typeof handle>[0];
    const work = () => withClaim(claimOf(definition), () => handle(call));
    await schemaErrorsAsInternal(async () => {
      const answer = session?.correlationId ? await withCorrelation(res, session.correlationId, work) : await work();
      send(res, answer, answers);
    });
    if (Object.keys(ids).length > 0) deps.log.info({ ...ids, status: res.statusCode }, definition.id);
  };
}

/** Data that breaks a schema after the request was accepted is our mistake, not the caller's. */
async function schemaErrorsAsInternal(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new PermanentError('data does not fit its schema', { reason: 'unreadable', cause: error });
  }
}

async function verified(
  req: Request,
  res: Response,
  auth: Access,
  asking: { method: string; route: string },
  { callers, limits }: RouteDeps,
): Promise<Session | undefined> {
  if (auth.scheme === 'open') return undefined;
  const address = addressOf(req);
  const { scheme } = auth;
  try {
    limited(res, () => limits.denials.check(address));
  } catch (error) {
    metrics.denials.inc({ scheme, reason: 'too_many' });
    throw error;
  }
  try {
    switch (auth.scheme) {
      case 'session':
        return await callers.session(req.get('x-session-id'), asking);
      case 'jwt':
        await callers.jwt(req.get('authorization'), asking);
        return undefined;
      case 'oauth2':
        await callers.oauth2(req.get('authorization'), auth.anyOf, asking);
        return undefined;
    }
  } catch (error) {
    if (error instanceof UnauthorizedError) {
      metrics.denials.inc({ scheme, reason: 'refused' });
      limited(res, () => limits.denials.take(address));
    }
    throw error;
  }
}

/** Checkout's correlation id from the session, if there is one, replaces the request's. */
function withCorrelation<T>(res: Response, correlationId: string, work: () => T): T {
  if (!/^[\w.:\-/=+]{1,256}$/.test(correlationId)) return work();
  res.setHeader('x-correlation-id', correlationId);
  return withCorrelationId(correlationId, work);
}

/** Only fields in the answer's schema are sent. */
function send(res: Response, { status, body }: Answer, answers: Answers): void {
  const answered = answers[status];
  res.status(status);
  if (!answered?.schema) res.end();
  else if (answered.contentType === 'text/plain') res.type('text/plain').send(answered.schema.parse(body));
  else res.json(answered.schema.parse(body));
}
