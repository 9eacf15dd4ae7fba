import { isStripeEventType, partitionKeyOf, type StripeEventType } from '@connector/contracts';
import { METADATA } from '@connector/payment-model';

/** The part of a Stripe event that this service reads; the bytes are forwarded unchanged. */
export interface StripeEvent {
  readonly id: string;
  readonly type: StripeEventType;
  /** Unix seconds. */
  readonly created: number;
  readonly livemode: boolean;
  readonly apiVersion: string | undefined;
  /** The connected account, for events of a Connect endpoint. */
  readonly account: string | undefined;
  readonly object: StripeObject;
}

/** The Stripe object of an event. */
export type StripeObject = Readonly<Record<string, unknown>>;

/** The owner of the events. */
export interface Ours {
  /** The mode of our Stripe keys. */
  readonly livemode: boolean;
  readonly projectKey: string;
  /** Our Stripe account; if it is unset, the ledger compares with the key's account. */
  readonly accountId?: string | undefined;
}

export type Classification =
  | { readonly kind: 'record'; readonly event: StripeEvent }
  | {
      readonly kind: 'ignored';
      readonly reason: 'type' | 'mode' | 'account' | 'project';
      readonly type: string;
    }
  /** It names an object without showing it; nothing can be recorded. */
  | { readonly kind: 'thin' }
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * Decides what to do with a genuine event (its parsed JSON). Ignored are types that change no payment, events of the
 * other mode, of another account, and of another project on our account; refusing them would make Stripe repeat them
 * for days and disable the endpoint (rulings 18). A thin event (`v2.core.event`, from a v2 event destination) is
 * reported separately, because its destination is misconfigured and its data is missing.
 */
export function classify(json: unknown, ours: Ours): Classification {
  if (!isObject(json)) return malformed('the payload is not an event');
  const { id, object: kind, type, created, livemode, api_version: apiVersion, account, data } = json;
  if (typeof kind === 'string' && kind.startsWith('v2.')) return { kind: 'thin' };
  if (typeof type !== 'string' || !isText(id)) return malformed('the payload is not an event');
  if (!isStripeEventType(type)) return { kind: 'ignored', reason: 'type', type };
  if (livemode !== ours.livemode) return { kind: 'ignored', reason: 'mode', type };
  if (isText(account) && ours.accountId && account !== ours.accountId)
    return { kind: 'ignored', reason: 'account', type };
  const object = isObject(data) ? data.object : undefined;
  if (!isObject(object) || !partitionKeyOf(object)) return malformed('the event has no object');
  if (typeof created !== 'number' || !isTime(created)) return malformed('the event has no time of creation');
  const projectKey = isObject(object.metadata) ? object.metadata[METADATA.projectKey] : undefined;
  if (projectKey && projectKey !== ours.projectKey) return { kind: 'ignored', reason: 'project', type };
  const event: StripeEvent = {
    id,
    type,
    created,
    livemode: ours.livemode,
    apiVersion: isText(apiVersion) ? apiVersion : undefined,
    account: isText(account) ? account : undefined,
    object,
  };
  return { kind: 'record', event };
}

const malformed = (reason: string): Classification => ({ kind: 'malformed', reason });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text that is allowed in a record's header: Stripe's ids and versions are printable ASCII. */
const isText = (value: unknown): value is string => typeof value === 'string' && /^[\x21-\x7e]{1,255}$/.test(value);

/** The range of times that a Date can hold, in Unix seconds. */
const isTime = (seconds: number): boolean => seconds >= 0 && seconds <= 8_640_000_000_000;
