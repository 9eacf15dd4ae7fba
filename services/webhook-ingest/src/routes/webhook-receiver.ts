import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type EventRecord, PAYMENT_EVENTS } from '@connector/contracts';
import { InvalidRequestError, PermanentError, TransientError, UnauthorizedError } from '@connector/errors';
import { clientAddress, requestSpan } from '@connector/http';
import type { Logger } from '@connector/telemetry';
import { AcknowledgedEvents } from '../domain/acknowledged-events.ts';
import { Circuit } from '../domain/circuit.ts';
import { classify, type Ours, type StripeEvent } from '../domain/classify.ts';
import { toPaymentRecord } from '../domain/to-payment-record.ts';
import { verifySignature } from '../domain/verify-signature.ts';
import { count, countSecretMatch } from '../webhook-metrics.ts';
import { endConnection, endUpload, ok, THIN, TRY_LATER, tryLater, webhookError } from './answers.ts';
import { BodyMemory } from './body-memory.ts';
import { type Body, readBody } from './read-body.ts';

/** The part of a Kafka producer that the route needs. */
export interface EventProducer {
  /**
   * Resolves when the broker has acknowledged. Throws TransientError when that is not known in time, PermanentError
   * (`too_large`) for a record that the topic does not accept.
   */
  send(topic: string, record: EventRecord): Promise<void>;
  /** Why no send can work at the moment, or undefined. */
  notReady?(): string | undefined;
}

export interface WebhookOptions {
  readonly log: Logger;
  readonly producer: EventProducer;
  /** The signing secrets, the current one first; called for each request, so that they can change at run time. */
  readonly signingKeys: () => readonly KeyObject[];
  readonly ours: Ours;
  readonly accountId?: string | undefined;
  /** The most verified events that may wait for the broker. */
  readonly maxInFlight: number;
  /** How long repeats of an acknowledged event are answered without being produced again, in ms; 0 = never. */
  readonly duplicateWindowMs: number;
  /** Whether a client's address may call; undefined = anyone. */
  readonly allows?: ((address: string) => boolean) | undefined;
  /** Number of proxies in front whose `X-Forwarded-For` is trusted. */
  readonly trustedHops?: number;
  /** Time limit for a body, in ms. */
  readonly bodyTimeoutMs?: number;
  /** Interval of the probes while the circuit is open, in ms. */
  readonly probeEveryMs?: number;
  /** The most bytes that all bodies being received may use. */
  readonly bodyMemory?: number;
  /** Called after a burst of bodies, when the memory is free again. */
  readonly onRelief?: () => void;
  /** Unix time in ms, for signatures. */
  readonly now?: () => number;
  /** A monotonic clock, in ms, because the system clock may be set back. */
  readonly elapsedMs?: () => number;
}

/** One request with its response. */
interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly address: string;
  readonly signature: string;
}

/** Receives webhooks: reads, verifies, classifies, records, answers. */
export class WebhookReceiver {
  readonly #options: WebhookOptions;
  readonly #memory: BodyMemory;
  readonly #circuit: Circuit;
  readonly #acknowledged: AcknowledgedEvents;
  readonly #now: () => number;
  readonly #elapsedMs: () => number;
  #inFlight = 0;

  constructor(options: WebhookOptions) {
    const { producer, duplicateWindowMs, onRelief, probeEveryMs = 1_000, bodyMemory = 64 * 1024 * 1024 } = options;
    this.#options = options;
    this.#memory = new BodyMemory({ limit: bodyMemory, onRelief });
    this.#circuit = new Circuit({ probeEveryMs, isDown: () => producer.notReady?.() !== undefined });
    this.#acknowledged = new AcknowledgedEvents({ windowMs: duplicateWindowMs });
    this.#now = options.now ?? Date.now;
    this.#elapsedMs = options.elapsedMs ?? (() => performance.now());
  }

  receive = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { allows, trustedHops = 1, bodyTimeoutMs = 10_000 } = this.#options;
    const address = clientAddress(req, trustedHops);
    if (allows && !allows(address)) throw new InvalidRequestError('Forbidden', 'Forbidden', {}, { statusCode: 403 });
    const signature = req.headers['stripe-signature'];
    if (typeof signature !== 'string' || signature === '') {
      count('unknown', 'bad_signature');
      throw new UnauthorizedError('invalid_token', 'Stripe signature is not valid');
    }
    if (this.#isFull) return tryLater(req, res, 'unknown', 'overloaded');
    if (this.#circuit.refuses(this.#elapsedMs())) return tryLater(req, res, 'unknown', 'unavailable');

    const body = await readBody(req, { memory: this.#memory, address, timeoutMs: bodyTimeoutMs });
    if (body.kind !== 'complete') return refuseBody(body.kind, req, res);
    try {
      await this.#accept(body.bytes, { req, res, address, signature });
    } finally {
      body.account.release();
    }
  };

  get #isFull(): boolean {
    return this.#inFlight >= this.#options.maxInFlight;
  }

  async #accept(bytes: Buffer, exchange: Exchange): Promise<void> {
    const { log, signingKeys, ours } = this.#options;
    const { res, signature, address } = exchange;
    const verification = verifySignature(bytes, signature, signingKeys(), Math.floor(this.#now() / 1000));
    if (verification.kind === 'refused') {
      const { outcome, reason } = verification;
      log.info({ outcome, reason }, 'webhook refused');
      count('unknown', outcome);
      return webhookError(res, 400, reason);
    }
    this.#memory.prove(address);
    countSecretMatch(verification.secret);

    const classified = classify(parse(bytes), ours);
    switch (classified.kind) {
      case 'malformed':
        log.warn({ reason: classified.reason }, 'a signed webhook cannot be read');
        count('unknown', 'malformed');
        return webhookError(res, 400, classified.reason);
      case 'thin':
        // 200 would lose it. When it is refused, Stripe keeps it and informs the owner of the endpoint.
        log.error({}, 'a thin event came: the endpoint is a v2 event destination, and snapshot payloads are needed');
        count('other', 'thin_payload');
        return webhookError(res, 400, THIN);
      case 'ignored':
        log.debug({ type: classified.type, reason: classified.reason }, 'webhook ignored');
        count(classified.type, 'ignored');
        return ok(res);
      case 'record':
        return this.#record(classified.event, bytes, exchange);
    }
  }

  async #record(event: StripeEvent, bytes: Buffer, { req, res }: Exchange): Promise<void> {
    const { log, producer, accountId } = this.#options;
    const { id, type } = event;
    if (this.#acknowledged.has(id, this.#elapsedMs())) {
      count(type, 'duplicate');
      return ok(res);
    }
    const toSend = toPaymentRecord(event, bytes, accountId);
    requestSpan(req)?.setAttributes({
      'stripe.event.id': id,
      'stripe.event.type': type,
      'stripe.payment_intent.id': toSend.key,
    });
    if (this.#isFull) return tryLater(req, res, type, 'overloaded');
    if (!this.#circuit.admits(this.#elapsedMs())) return tryLater(req, res, type, 'unavailable');
    this.#inFlight += 1;
    try {
      await producer.send(PAYMENT_EVENTS, toSend);
    } catch (error) {
      return this.#notProduced(error, event, req, res);
    } finally {
      this.#inFlight -= 1;
    }
    this.#circuit.succeeded();
    this.#acknowledged.add(id, this.#elapsedMs());
    count(type, 'accepted');
    log.debug({ eventId: id, type }, 'webhook accepted');
    ok(res);
  }

  #notProduced(error: unknown, { id, type }: StripeEvent, req: IncomingMessage, res: ServerResponse): void {
    const { log } = this.#options;
    if (error instanceof PermanentError && error.reason === 'too_large') {
      // 2xx would lose it. When it is refused, Stripe keeps repeating it until the topic's max.message.bytes is
      // corrected.
      log.error({ error, eventId: id, type }, 'the topic does not take an event of this size');
      count(type, 'too_large');
      webhookError(res, 413, 'the payload is larger than the topic takes');
      return;
    }
    if (!(error instanceof TransientError)) {
      count(type, 'unavailable');
      throw error;
    }
    log.warn({ error, eventId: id, type }, 'an event could not be made durable');
    tryLater(req, res, type, 'unavailable');
  }
}

/** Answers a request with an incomplete body. */
function refuseBody(kind: Exclude<Body['kind'], 'complete'>, req: IncomingMessage, res: ServerResponse): void {
  switch (kind) {
    case 'too_large':
      count('unknown', 'too_large');
      endUpload(req, res, 413, 'Webhook Error: the payload is larger than 1 MiB');
      break;
    case 'given_up':
      count('unknown', 'overloaded');
      endConnection(res, 503, TRY_LATER);
      break;
    case 'no_memory':
      tryLater(req, res, 'unknown', 'overloaded');
      break;
    case 'timed_out':
      count('unknown', 'malformed');
      endUpload(req, res, 408, 'Webhook Error: the payload did not arrive in time');
      break;
    case 'aborted':
      count('unknown', 'malformed');
      res.destroy();
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
