import * as z from 'zod';
import type { DenialReason } from './denial.ts';

/** A merchant may put anything into a session's metadata: what is not text where text belongs counts as absent. */
const text = z.string().min(1).optional().catch(undefined);

/** A session as the Session API answers it, as far as it is used. */
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
      // Decides how much Stripe charges, so an unreadable one must not count as absent.
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
  /** ISO 8601, where the Session API tells it. */
  expiresAt: z.string().optional(),
  /** How long the asking service may go by this answer, in ms: as long as it is kept here. */
  freshForMs: z.int().optional(),
});

export type SessionPrincipal = z.output<typeof sessionPrincipalSchema>;

export type SessionVerdict =
  | { kind: 'active'; principal: SessionPrincipal }
  | { kind: 'refused'; reason: DenialReason };

/** Whether `session` grants anything, and what: it must be ACTIVE, not over, and have a cart. `now` in ms since the epoch. */
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

/** Whether an id can be one of a session at all: printable ASCII without spaces, bounded. */
export const isSessionId = (id: string): boolean => /^[\x21-\x7e]{1,256}$/.test(id);
