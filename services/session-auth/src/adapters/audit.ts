import { randomUUID } from 'node:crypto';
import { CHECKOUT_SESSIONS, type EventRecord, eventRecord, SOURCES } from '@connector/contracts';
import { type Logger, metrics } from '@connector/telemetry';
import type { DenialReason } from '../domain/denial.ts';
import type { Audit } from '../use-cases/ports.ts';

export interface AuditOptions {
  send: (topic: string, record: EventRecord) => Promise<void>;
  log: Logger;
  /** Denials published per reason and second, with bursts of five times as many. */
  denialsPerSecond: number;
  /** Events that may wait for the broker; further ones are dropped and counted. */
  maxPending?: number;
  /** Monotonic clock in ms. */
  now?: () => number;
}

/**
 * Publishes to `checkout.sessions`. Denials are limited per reason, so that an attack neither floods the topic nor
 * hides rarer reasons; metrics count all denials.
 */
export function createAudit(options: AuditOptions): Audit {
  const { send, log, denialsPerSecond, maxPending = 1_000, now = () => performance.now() } = options;
  const allowances = new Map<DenialReason, { left: number; at: number }>();
  let pending = 0;

  const isAllowed = (reason: DenialReason): boolean => {
    const burst = denialsPerSecond * 5;
    const at = now();
    const before = allowances.get(reason) ?? { left: burst, at };
    const left = Math.min(burst, before.left + ((at - before.at) / 1000) * denialsPerSecond);
    allowances.set(reason, { left: left >= 1 ? left - 1 : left, at });
    return left >= 1;
  };

  const publish = (record: () => EventRecord) => {
    if (pending >= maxPending) return drop('queue_full');
    pending += 1;
    // The producer counts the failure, which must not affect the caller.
    Promise.resolve()
      .then(() => send(CHECKOUT_SESSIONS, record()))
      .catch((error: unknown) => log.debug({ error }, 'an audit event was not published'))
      .finally(() => {
        pending -= 1;
      });
  };

  const attributes = (key: string) => ({ key, id: randomUUID(), source: SOURCES.sessionAuth });
  return {
    verified: (event) => publish(() => eventRecord('checkout.session.verified', attributes(event.cartId), event)),
    denied: (event) => {
      if (!isAllowed(event.reason)) return drop('rate_limited');
      publish(() => eventRecord('checkout.access.denied', attributes(event.credentialHash ?? event.scheme), event));
    },
  };
}

/** An audit event that is dropped without a try. */
const drop = (why: string): void =>
  metrics.sentMessages.inc({
    messaging_system: 'kafka',
    messaging_operation_name: 'send',
    messaging_destination_name: CHECKOUT_SESSIONS,
    error_type: `dropped_${why}`,
  });
