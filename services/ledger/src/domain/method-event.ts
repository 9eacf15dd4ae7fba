import { type EventAttributes, isStripeEventType, STRIPE_EVENTS, STRIPE_TYPE_PREFIX } from '@connector/contracts';
import { PermanentError } from '@connector/errors';
import * as z from 'zod';
import { reference } from './stripe-objects.ts';

const METHOD_PREFIX = `${STRIPE_TYPE_PREFIX}payment_method.`;

/** A Stripe event about a payment method. */
export const methodEventSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  livemode: z.boolean(),
  account: z.string().nullish(),
  data: z.looseObject({
    object: z.looseObject({ id: z.string(), object: z.literal('payment_method'), customer: reference }),
    previous_attributes: z.looseObject({ customer: reference }).nullish(),
  }),
});

/** An event about a payment method at Stripe. */
export interface MethodEvent {
  readonly id: string;
  /** Stripe's event type. */
  readonly type: string;
  readonly livemode: boolean;
  /** The connected account of the event, if it names one. */
  readonly account?: string;
  readonly methodId: string;
  /** The Stripe customer who has the method, or had it until this event. */
  readonly stripeCustomerId: string | undefined;
}

/**
 * Reads a message of the payments topic about a payment method; undefined for every other message. Throws
 * PermanentError (`unreadable`) for JSON or an object that is not what its type says.
 */
export function toMethodEvent({ type }: EventAttributes, value: Buffer): MethodEvent | undefined {
  // Decided by the header, because for most messages parsing the body would be wasted.
  if (!type.startsWith(METHOD_PREFIX)) return undefined;
  const { id, type: stripeType, livemode, account, data } = readable(type, value);
  if (!isStripeEventType(stripeType) || STRIPE_EVENTS[stripeType] !== 'method-changed') return undefined;
  return {
    id,
    type: stripeType,
    livemode,
    ...(account && { account }),
    methodId: data.object.id,
    stripeCustomerId: data.object.customer ?? data.previous_attributes?.customer,
  };
}

function readable(type: string, value: Buffer): z.output<typeof methodEventSchema> {
  try {
    return methodEventSchema.parse(JSON.parse(value.toString()));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError) {
      throw new PermanentError(`a message of type ${type} cannot be read`, { reason: 'unreadable', cause });
    }
    throw cause;
  }
}
