import type { EventRecord } from '@connector/contracts';
import { redactText } from '@connector/telemetry';

/** Why and how a message was set aside. */
export interface SetAside {
  readonly reason: string;
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

/** Headers are a record's, and a broker's, to carry: a stack is cut to this many characters. */
const MAX_TEXT = 2_000;

/** The message as it came, with headers that say where from and why it was set aside; `timestamp` is Kafka's, ms since the epoch. */
export function deadLetterOf(original: Original, timestamp: string, setAside: SetAside): EventRecord {
  const { reason, error, attempts, firstFailedAt, consumerGroup, appVersion } = setAside;
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
