/** CloudEvents extension on all our records: the commercetools project of the event. */
export const PROJECT_HEADER = 'ce_ctproject';

/** The CloudEvents 1.0 attributes of an event. */
export interface EventAttributes {
  /** Unique together with `source`; Stripe's own event id for Stripe's events. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** ISO 8601: when it happened. */
  readonly time: string;
  /** PaymentIntent id, where the event has one. */
  readonly subject?: string | undefined;
}

/** One of our Kafka records before it is sent: the CloudEvents Kafka binding in binary mode. */
export interface EventRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
}

/** Thrown for a message that is not a CloudEvent. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';
}

/** Builds the record of an event. Bytes in `data` stay as they are; anything else becomes JSON. */
export function toRecord(
  key: string,
  attributes: EventAttributes,
  data: Buffer | object,
  extraHeaders: Record<string, string> = {},
): EventRecord {
  const { id, source, type, time, subject } = attributes;
  const headers: Record<string, string> = {
    ...extraHeaders,
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: source,
    ce_type: type,
    ce_time: time,
    ...(subject && { ce_subject: subject }),
  };
  const value = Buffer.isBuffer(data) ? data : Buffer.from(JSON.stringify(data));
  return { key, value, headers };
}

type Headers = Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;

/** One header as text. */
export function headerOf(headers: Headers | undefined, name: string): string | undefined {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first?.toString();
}

/** The CloudEvents attributes of a message. Throws UnreadableEventError when a required attribute is missing. */
export function attributesOf(headers: Headers | undefined): EventAttributes {
  const read = (name: string) => headerOf(headers, `ce_${name}`);
  const required = (name: string) => {
    const value = read(name);
    if (!value) throw new UnreadableEventError(`the header ce_${name} is missing`);
    return value;
  };
  return {
    id: required('id'),
    source: required('source'),
    type: required('type'),
    time: read('time') ?? new Date(0).toISOString(),
    subject: read('subject'),
  };
}
