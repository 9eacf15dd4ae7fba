import * as z from 'zod';
import type { DenialReason } from './denial.ts';

/**
 * Optional text in a session's metadata, into which a merchant may put anything: a value that is not text counts as
 * absent.
 */
const text = z.string().min(1).optional().catch(undefined);

/** The part of the Session API's answer that is used. */
export const sessionSchema = z.object({
  state: z.string(),
  activeCart: z.object({ cartRef: z.object({ id: z.string().min(1).optional() }).optional() }).nullish(),
  /** Not always sent; ISO 8601. */
  expiresAt: z.iso.datetime({ offset: true }).optional().catch(undefined),
  metadata: z
    .object({
      allowedPaymentMethods: z.array(z.string()).catch([]),
      processorUrl: text,
      paymentInterface: text,
      checkoutTransactionItemId: text,
      merchantReturnUrl: text,
      futureOrderNumber: text,
      correlationId: text,
      // It decides how much Stripe charges, so an unreadable value must not count as absent.
      giftCardPlannedAmount: z
        .object({ centAmount: z.int().min(0), currencyCode: z.string().regex(/^[A-Z]{3}$/) })
        .nullish()
        .transform((amount) => amount ?? undefined),
    })
    .nullish(),
});

export type Session = z.output<typeof sessionSchema>;

/** What a verified session grants; the answer of `POST /verify/session`. */
export const sessionPrincipalSchema = z.object({
  cartId: z.string(),
  projectKey: z.string(),
  allowedPaymentMethods: z.array(z.string()),
  processorUrl: z.string().optional(),
  paymentInterface: z.string().optional(),
  checkoutTransactionItemId: z.string().optional(),
  merchantReturnUrl: z.string().optional(),
  futureOrderNumber: z.string().optional(),
  /** Part of the total that gift cards will pay, in the currency's minor units. */
  giftCardPlannedAmount: z.object({ centAmount: z.int(), currencyCode: z.string() }).optional(),
  /** Replaces the request's correlation id. */
  correlationId: z.string().optional(),
  /** ISO 8601; undefined if the Session API does not state it. */
  expiresAt: z.string().optional(),
  /** How long the calling service may cache this answer, in ms: as long as it is cached here. */
  freshForMs: z.int().optional(),
});

export type SessionPrincipal = z.output<typeof sessionPrincipalSchema>;

export type SessionVerdict =
  | { kind: 'active'; principal: SessionPrincipal }
  | { kind: 'refused'; reason: DenialReason };

/**
 * The grant of `session`, or a refusal: it must be ACTIVE, not expired, and have a cart. `now` in ms since the epoch.
 */
export function checkSession(session: Session, projectKey: string, now: number): SessionVerdict {
  const { state, activeCart, metadata, expiresAt } = session;
  if (state !== 'ACTIVE' || (expiresAt && Date.parse(expiresAt) <= now)) return { kind: 'refused', reason: 'expired' };
  const cartId = activeCart?.cartRef?.id;
  if (!cartId) return { kind: 'refused', reason: 'no_cart' };
  const { allowedPaymentMethods = [], ...others } = metadata ?? {};
  return {
    kind: 'active',
    principal: { cartId, projectKey, allowedPaymentMethods, ...others, ...(expiresAt && { expiresAt }) },
  };
}

/** Whether an id can be a session id: printable ASCII without spaces, of limited length. */
export const isSessionId = (id: string): boolean => /^[\x21-\x7e]{1,256}$/.test(id);
