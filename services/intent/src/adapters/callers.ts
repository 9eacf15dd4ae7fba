import { OVERLOADED, RATE_LIMITED, retryAfterMs, TransientError, UnauthorizedError } from '@connector/errors';
import type { Answer, Fetch } from '@connector/http';
import * as z from 'zod';
import type { Session } from '../domain/session.ts';

/** The route of the request for the audit trail: method and pattern, without ids. */
export interface AskingRoute {
  readonly method: string;
  readonly route: string;
}

/**
 * Verifies who calls, and whether the call is allowed. Every method throws UnauthorizedError for a refusal,
 * TransientError when it cannot be checked.
 */
export interface Callers {
  session(sessionId: string | undefined, asking: AskingRoute): Promise<Session>;
  /** A Merchant Center user's JWT. */
  jwt(authorization: string | undefined, asking: AskingRoute): Promise<void>;
  /** An OAuth2 token of our project with one of `anyOf`. */
  oauth2(authorization: string | undefined, anyOf: readonly string[], asking: AskingRoute): Promise<void>;
}

/** The part of session-auth's answer for a session that is used here. */
export const sessionSchema = z.object({
  cartId: z.string(),
  allowedPaymentMethods: z.array(z.string()).optional(),
  checkoutTransactionItemId: z.string().optional(),
  merchantReturnUrl: z.string().optional(),
  futureOrderNumber: z.string().optional(),
  giftCardPlannedAmount: z.object({ centAmount: z.int(), currencyCode: z.string() }).optional(),
  correlationId: z.string().optional(),
  freshForMs: z.number().optional(),
}) satisfies z.ZodType<Session>;

const refusalSchema = z.object({
  errors: z.array(z.looseObject({ code: z.string(), message: z.string() })).min(1),
});

/** session-auth over HTTP. It decides; nothing is cached here. */
export function sessionAuthCallers(baseUrl: string, fetch: Fetch): Callers {
  const verify = async (scheme: string, body: object): Promise<unknown> => {
    let response: Answer;
    let answer: unknown;
    try {
      response = await fetch(`${baseUrl}/verify/${scheme}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      answer = await response.json();
    } catch (error) {
      throw new TransientError('session-auth cannot be asked', { reason: 'connection', cause: error });
    }
    if (response.status === 200) return answer;
    throw failureOf(response, answer);
  };
  return {
    session: async (sessionId, asking) => {
      const session = sessionSchema.safeParse(await verify('session', { sessionId, ...asking }));
      if (!session.success) throw new TransientError('session-auth gave no session', { reason: 'unreadable' });
      return session.data;
    },
    jwt: async (authorization, asking) => {
      await verify('jwt', { authorization, ...asking });
    },
    oauth2: async (authorization, anyOf, asking) => {
      await verify('oauth2', { authorization, anyOf, ...asking });
    },
  };
}

/** UnauthorizedError for a refusal; TransientError for anything else, which says nothing about the caller. */
function failureOf({ status, headers }: Answer, answer: unknown): UnauthorizedError | TransientError {
  const refusal = refusalSchema.safeParse(answer);
  const [error] = refusal.data?.errors ?? [];
  if (status === 401 && error) {
    const { code, message, ...fields } = error;
    return new UnauthorizedError(code, message, fields);
  }
  return new TransientError(`session-auth answered ${status}`, {
    reason: error?.code === OVERLOADED ? RATE_LIMITED : 'server_error',
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
  });
}
