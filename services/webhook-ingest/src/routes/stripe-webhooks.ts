import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type EventRecord, PAYMENT_EVENTS } from '@connector/contracts';
import { InvalidRequestError, PermanentError, TransientError, UnauthorizedError } from '@connector/errors';
import { clientAddress, type Route, requestSpan } from '@connector/http';
import type { Logger } from '@connector/telemetry';
import { Router } from 'express';
import { AcknowledgedEvents } from '../domain/acknowledged-events.ts';
import { Circuit } from '../domain/circuit.ts';
import { classify, type Ours, type StripeEvent } from '../domain/classify.ts';
import { toPaymentRecord } from '../domain/to-payment-record.ts';
import { verifySignature } from '../domain/verify-signature.ts';
import { count, countSecretMatch } from '../webhook-metrics.ts';
import { BodyMemory } from './body-memory.ts';
import { readBody } from './read-body.ts';

/** What the route needs of a Kafka producer. */
export interface EventProducer {
  /**
   * Resolves once the broker has acknowledged. Throws TransientError when that is not known in time, PermanentError
   * (`too_large`) for a record the topic does not take.
   */
  send(topic: string, record: EventRecord): Promise<void>;
  /** A reason why sends cannot be expected to work, or undefined. */
  notReady?(): string | undefined;
}

export interface WebhookOptions {
  readonly log: Logger;
  readonly producer: EventProducer;
  /** The signing secrets, the current one first; asked for each request, so that they can change while running. */
  readonly signingKeys: () => readonly KeyObject[];
  readonly ours: Ours;
  readonly accountId?: string | undefined;
  /** Verified events that may wait for the broker at once. */
  readonly maxInFlight: number;
  /** How long an acknowledged event's repeats are answered without producing them again, in ms; 0 = never. */
  readonly duplicateWindowMs: number;
  /** Whether a client's address may call; undefined = anyone. */
  readonly allows?: ((address: string) => boolean) | undefined;
  /** Proxies in front whose `X-Forwarded-For` is believed, for `allows`. */
  readonly trustedHops?: number;
  /** A body must have arrived within this, in ms. */
  readonly bodyTimeoutMs?: number;
  /** While the circuit is open, one event is tried this often, in ms. */
  readonly probeEveryMs?: number;
  /** Bytes that bodies in hand may take together. */
  readonly bodyMemory?: number;
  /** Called when bodies took much memory and do not any more. */
  readonly onRelief?: () => void;
  /** Unix time in ms, for signatures. */
  readonly now?: () => number;
  /** A monotonic clock, in ms: the system's may be put back, and what is to happen soon would be hours away. */
  readonly elapsedMs?: () => number;
}

const PATH = '/stripe/webhooks';
/** How long a refused upload is read on and thrown away, in ms, so that its sender gets to read the answer. */
const LINGER_MS = 2_000;

/**
 * `POST /stripe/webhooks`: a signed Stripe event becomes a durable record on `payments.events`. 200 with an empty body says
 * that the broker has it, or that it is none of ours; 503 that it may not have it, so that Stripe sends it again. 401
 * without signature, 400 with a bad one, unreadable or thin, 413 when too large, 405 for other methods, 408 for a body that does
 * not arrive.
 */
export function stripeWebhooksRoute(options: WebhookOptions): Route {
  const { log, producer, signingKeys, ours, accountId, maxInFlight, allows, trustedHops = 1 } = options;
  const { bodyTimeoutMs = 10_000, probeEveryMs = 1_000, bodyMemory = 64 * 1024 * 1024, now = Date.now } = options;
  const { elapsedMs = () => performance.now() } = options;
  const memory = new BodyMemory({ limit: bodyMemory, onRelief: options.onRelief });
  const circuit = new Circuit({ probeEveryMs, isDown: () => producer.notReady?.() !== undefined });
  const acknowledged = new AcknowledgedEvents({ windowMs: options.duplicateWindowMs });
  let inFlight = 0;

  const receive = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const address = clientAddress(req, trustedHops);
    if (allows && !allows(address)) throw new InvalidRequestError('Forbidden', 'Forbidden', {}, { statusCode: 403 });
    const signature = req.headers['stripe-signature'];
    if (typeof signature !== 'string' || signature === '') {
      count('unknown', 'bad_signature');
      throw new UnauthorizedError('invalid_token', 'Stripe signature is not valid');
    }
    if (inFlight >= maxInFlight) return tryLater(req, res, 'unknown', 'overloaded');
    if (circuit.refuses(elapsedMs())) return tryLater(req, res, 'unknown', 'unavailable');

    const body = await readBody(req, { memory, address, timeoutMs: bodyTimeoutMs });
    switch (body.kind) {
      case 'complete':
        try {
          return await accept(body.bytes, signature, address, req, res);
        } finally {
          body.account.release();
        }
      case 'too_large':
        count('unknown', 'too_large');
        return endUpload(req, res, 413, 'Webhook Error: the payload is larger than 1 MiB');
      case 'given_up':
        count('unknown', 'overloaded');
        return endConnection(res, 503, TRY_LATER);
      case 'no_memory':
        return tryLater(req, res, 'unknown', 'overloaded');
      case 'timed_out':
        count('unknown', 'malformed');
        return endUpload(req, res, 408, 'Webhook Error: the payload did not arrive in time');
      case 'aborted':
        count('unknown', 'malformed');
        res.destroy();
    }
  };

  const accept = async (
    bytes: Buffer,
    signature: string,
    address: string,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> => {
    const verification = verifySignature(bytes, signature, signingKeys(), Math.floor(now() / 1000));
    if (verification.kind === 'refused') {
      const { outcome, reason } = verification;
      log.info({ outcome, reason }, 'webhook refused');
      count('unknown', outcome);
      return webhookError(res, 400, reason);
    }
    memory.prove(address);
    countSecretMatch(verification.secret);

    const classified = classify(parse(bytes), ours);
    switch (classified.kind) {
      case 'malformed':
        log.warn({ reason: classified.reason }, 'a signed webhook cannot be read');
        count('unknown', 'malformed');
        return webhookError(res, 400, classified.reason);
      case 'thin':
        // 200 would lose it: refused, Stripe keeps it and tells the owner of the endpoint.
        log.error({}, 'a thin event came: the endpoint is a v2 event destination, and snapshot payloads are needed');
        count('other', 'thin_payload');
        return webhookError(res, 400, THIN);
      case 'ignored':
        log.debug({ type: classified.type, reason: classified.reason }, 'webhook ignored');
        count(classified.type, 'ignored');
        return ok(res);
      case 'record':
        return record(classified.event, bytes, req, res);
    }
  };

  const record = async (
    event: StripeEvent,
    bytes: Buffer,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> => {
    const { id, type } = event;
    if (acknowledged.has(id, elapsedMs())) {
      count(type, 'duplicate');
      return ok(res);
    }
    const toSend = toPaymentRecord(event, bytes, accountId);
    requestSpan(req)?.setAttributes({
      'stripe.event.id': id,
      'stripe.event.type': type,
      'stripe.payment_intent.id': toSend.key,
    });
    if (inFlight >= maxInFlight) return tryLater(req, res, type, 'overloaded');
    if (!circuit.admits(elapsedMs())) return tryLater(req, res, type, 'unavailable');
    inFlight += 1;
    try {
      await producer.send(PAYMENT_EVENTS, toSend);
    } catch (error) {
      return notProduced(error, event, req, res);
    } finally {
      inFlight -= 1;
    }
    circuit.succeeded();
    acknowledged.add(id, elapsedMs());
    count(type, 'accepted');
    log.debug({ eventId: id, type }, 'webhook accepted');
    ok(res);
  };

  const notProduced = (error: unknown, { id, type }: StripeEvent, req: IncomingMessage, res: ServerResponse): void => {
    if (error instanceof PermanentError && error.reason === 'too_large') {
      // 2xx would lose it: refused, Stripe keeps it and repeats it while the topic's max.message.bytes is put right.
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
  };

  const router = Router({ caseSensitive: true })
    .post(PATH, receive)
    .all(PATH, (_req, res) => {
      res.setHeader('allow', 'POST');
      throw new InvalidRequestError('MethodNotAllowed', 'Method not allowed', {}, { statusCode: 405 });
    });
  return Object.assign(router, { direct: { method: 'POST', path: PATH, handle: receive } });
}

/** Stripe repeats what is not answered with 2xx, for three days. */
function tryLater(
  req: IncomingMessage,
  res: ServerResponse,
  type: string,
  outcome: 'overloaded' | 'unavailable',
): void {
  count(type, outcome);
  res.setHeader('retry-after', '1');
  if (req.complete) answer(res, 503, TRY_LATER);
  else endUpload(req, res, 503, TRY_LATER);
}

const THIN =
  'this endpoint is a v2 event destination with thin payloads, which show no payment; snapshot payloads are needed. ' +
  'Make a destination with snapshot payloads in the Dashboard, or run setup.';
const TRY_LATER = 'The event could not be stored. Please send it again.';

/** Answers while the body is still arriving and ends the connection at once: for when room is needed. */
const endConnection = (res: ServerResponse, status: number, text: string): void => {
  res.writeHead(status, { ...headersOf(text), connection: 'close' }).end(text);
};

const webhookError = (res: ServerResponse, status: number, reason: string) =>
  answer(res, status, `Webhook Error: ${reason}`);

const ok = (res: ServerResponse): void => {
  res.writeHead(200, { 'content-length': 0 }).end();
};

const answer = (res: ServerResponse, status: number, text: string): void => {
  res.writeHead(status, headersOf(text)).end(text);
};

const headersOf = (text: string) => ({
  'content-type': 'text/plain; charset=utf-8',
  'content-length': Buffer.byteLength(text),
});

/**
 * Answers while the body is still arriving, and ends the connection. Closing at once would reset it, and the sender would not
 * see the answer; so what still comes is thrown away, for a moment.
 */
function endUpload(req: IncomingMessage, res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { ...headersOf(text), connection: 'close' });
  res.write(text);
  const end = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once('end', end).once('close', end).resume();
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
