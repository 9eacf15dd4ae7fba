import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@connector/telemetry';
import type { KafkaMessage } from 'kafkajs';

/** Fewer messages are not a backlog: looking ahead would only delay them. */
const LOOK_AHEAD_FROM = 8;
const LOOK_AHEAD_MS = 1_000;

/**
 * Calls `lookAhead` with the keys of a backlog's messages. Resolves when it is done, has failed, or has taken a second.
 */
export async function lookAheadOf(
  messages: readonly KafkaMessage[],
  lookAhead: ((keys: readonly string[]) => Promise<void>) | undefined,
  log: Logger,
): Promise<void> {
  if (!lookAhead || messages.length < LOOK_AHEAD_FROM) return;
  const keys = new Set(messages.flatMap(({ key }) => (key ? [key.toString()] : [])));
  const enough = new AbortController();
  const done = lookAhead([...keys]).catch((error: unknown) => {
    log.debug({ error }, 'looking ahead failed');
  });
  await Promise.race([done, sleep(LOOK_AHEAD_MS, undefined, { signal: enough.signal }).catch(() => {})]);
  enough.abort();
}
