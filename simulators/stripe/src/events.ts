import { invalidParameter } from './errors.ts';
import { API_VERSION, type CurrentRequest, type EventRecord, type StripeEvent } from './objects.ts';
import type { Params } from './params.ts';
import { Collection, type Page } from './state.ts';
import { typeMatches, type WebhookSender } from './webhooks.ts';

/** Stripe takes this many types in one list call. */
const MAX_TYPES = 20;

/** What an event takes from the account that it happens in. */
interface EventContext {
  /** The call that is being handled. */
  readonly request: CurrentRequest | null;
  newId(prefix: string): string;
  /** Seconds since the epoch. */
  now(): number;
}

/** The account's events: kept for listing, handed to the webhook sender. The oldest are forgotten beyond `limit`. */
export class EventLog {
  readonly #simulation: EventContext;
  readonly #sender: WebhookSender;
  readonly #limit: number;
  #records = new Collection<EventRecord>();
  #oldest: Generator<EventRecord> = this.#records.values();

  constructor(simulation: EventContext, sender: WebhookSender, limit: number) {
    this.#simulation = simulation;
    this.#sender = sender;
    this.#limit = limit;
  }

  /** Records that `object` came to be as it is now; `previous` holds the former values of what changed. */
  emit(type: string, object: { object?: string }, previous?: Record<string, unknown>): EventRecord {
    const data = { object: object as Record<string, unknown>, ...(previous ? { previous_attributes: previous } : {}) };
    return this.emitRaw({ type, data });
  }

  /** Emits an event as given; what is missing around `data` is filled in. */
  emitRaw(given: Partial<StripeEvent> & { type: string; data: StripeEvent['data'] }): EventRecord {
    const event: StripeEvent = {
      id: this.#simulation.newId('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: this.#simulation.now(),
      livemode: false,
      pending_webhooks: 0,
      request: this.#simulation.request ?? { id: null, idempotency_key: null },
      ...given,
    };
    const endpoints = this.#sender.endpointsFor(event.type);
    event.pending_webhooks = endpoints.length;
    const record: EventRecord = {
      id: event.id,
      type: event.type,
      created: event.created,
      body: Buffer.from(JSON.stringify(event, null, 2)),
      pending: endpoints.length,
      hasFailed: false,
    };
    this.#records.add(record);
    while (this.#records.size > this.#limit) {
      const next = this.#oldest.next();
      if (next.done) break;
      this.#records.remove(next.value.id);
    }
    this.#sender.send(record, endpoints);
    return record;
  }

  record(id: string): EventRecord | undefined {
    return this.#records.get(id);
  }

  get(id: string): StripeEvent | undefined {
    const record = this.#records.get(id);
    return record && toEvent(record);
  }

  get size(): number {
    return this.#records.size;
  }

  list(params: Params): Page<StripeEvent> {
    const type = params.string('type');
    const types = params.strings('types');
    if (type && types) throw invalidParameter('types', 'You may only specify one of these parameters: type, types.');
    if (types && types.length > MAX_TYPES) {
      throw invalidParameter('types', `Array types exceeded maximum ${MAX_TYPES} allowed elements.`);
    }
    const delivered = params.boolean('delivery_success');
    const wanted = type ? [type] : types;
    const page = this.#records.page('/v1/events', params, (record) => {
      if (wanted && !wanted.some((pattern) => typeMatches(pattern, record.type))) return false;
      if (delivered === undefined) return true;
      // Stripe counts an event without pending deliveries as delivered, and one still being tried as failed.
      return delivered === (record.pending === 0 && !record.hasFailed);
    });
    return { ...page, data: page.data.map(toEvent) };
  }

  *values(): Generator<EventRecord> {
    yield* this.#records.values();
  }

  clear(): void {
    this.#records = new Collection();
    this.#oldest = this.#records.values();
  }
}

function toEvent(record: EventRecord): StripeEvent {
  const event = JSON.parse(record.body.toString()) as StripeEvent;
  event.pending_webhooks = record.pending;
  return event;
}
