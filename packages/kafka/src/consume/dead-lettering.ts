import { setTimeout as sleep } from 'node:timers/promises';
import type { EventRecord } from '@connector/contracts';
import { backOffMs, type DeadLetterReason } from '@connector/errors';
import { context, contextFrom, type Logger, redactText } from '@connector/telemetry';
import type { Producer } from '../producer.ts';
import type { ReceivedMessage } from './message.ts';

/** Why a message became a dead letter, with its history. */
export interface DeadLetterCause {
  readonly reason: DeadLetterReason;
  readonly error: unknown;
  readonly attempts: number;
  readonly firstFailedAt: Date;
  readonly consumerGroup: string;
  readonly appVersion: string;
}

interface Original {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A stack is cut to this many characters, because brokers limit the size of headers with the record. */
const MAX_TEXT = 2_000;

/** The unchanged message, with headers for its origin and the reason; `timestamp` is Kafka's, ms since the epoch. */
export function deadLetterOf(original: Original, timestamp: string, cause: DeadLetterCause): EventRecord {
  const { reason, error, attempts, firstFailedAt, consumerGroup, appVersion } = cause;
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return {
    key: original.key,
    value: original.value,
    headers: {
      ...original.headers,
      'dlq-original-topic': original.topic,
      'dlq-original-partition': String(original.partition),
      'dlq-original-offset': original.offset,
      'dlq-original-timestamp': timestamp,
      'dlq-reason': reason,
      'dlq-error-class': name,
      'dlq-error-message': redactText(message).slice(0, MAX_TEXT),
      'dlq-error-stack': redactText(stack ?? '').slice(0, MAX_TEXT),
      'dlq-attempts': String(attempts),
      'dlq-first-failed-at': firstFailedAt.toISOString(),
      'dlq-consumer-group': consumerGroup,
      'dlq-app-version': appVersion,
    },
  };
}

/**
 * Writes a message to the dead letter topic, for as long as it takes; returns false when the message must be abandoned
 * first. The dead letter stays in the trace of its event.
 */
export async function sendToDeadLetters(
  message: ReceivedMessage,
  cause: DeadLetterCause,
  { producer, topic, log }: { readonly producer: Pick<Producer, 'send'>; readonly topic: string; readonly log: Logger },
): Promise<boolean> {
  const record = deadLetterOf(message.delivery, message.raw.timestamp, cause);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await context.with(contextFrom(record.headers), () => producer.send(topic, record));
      return true;
    } catch (error) {
      log.warn({ error, attempt }, 'the dead letter topic does not accept a message yet');
      const waited = sleep(backOffMs(attempt), true, { signal: message.abandoned });
      if (!(await waited.catch(() => false))) return false;
    }
  }
}
