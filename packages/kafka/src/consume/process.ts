import { setTimeout as sleep } from 'node:timers/promises';
import { attributesOf } from '@connector/contracts';
import { type DeadLetterReason, type RetryReason, TransientError } from '@connector/errors';
import type { Logger } from '@connector/telemetry';
import type { Producer } from '../producer.ts';
import { processing } from '../spans.ts';
import { sendToDeadLetters } from './dead-lettering.ts';
import type { Delivery } from './delivery.ts';
import type { Dependencies } from './dependencies.ts';
import type { KeyedQueue } from './keyed-queue.ts';
import type { ReceivedMessage } from './message.ts';
import { classifyFailure, Parking, type RetryLimits, reasonForGood } from './retry-policy.ts';

/** The runner's reports about messages, for metrics; each with the message's headers. */
export interface ConsumerHooks {
  /** A try failed and will be repeated because of `reason`. */
  onRetry?(reason: RetryReason, headers: Readonly<Record<string, string>>): void;
  onDeadLetter?(reason: DeadLetterReason, headers: Readonly<Record<string, string>>): void;
  /** This many keys wait for a retry now. */
  onParked?(keys: number): void;
  /** Calls to a dependency fail broadly and messages are held, or the calls succeed again. */
  onCircuit?(dependency: string, open: boolean): void;
}

export interface ProcessContext extends RetryLimits {
  readonly handle: (delivery: Delivery) => Promise<readonly string[] | undefined>;
  readonly dependencies: Dependencies;
  readonly queue: KeyedQueue<ReceivedMessage>;
  readonly hooks: ConsumerHooks;
  readonly log: Logger;
  readonly producer: Pick<Producer, 'send'>;
  readonly deadLetterTopic: string;
  readonly groupId: string;
  readonly clientId: string;
  readonly appVersion: string;
  /** Keys of this consumer that wait for a retry. */
  readonly parked: Set<ReceivedMessage>;
}

export type Outcome = 'done' | 'dead_lettered' | 'abandoned';

/** Handles one message until it has its effect, is in the dead letter topic, or must be abandoned. */
export async function processWithRetry(message: ReceivedMessage, within: ProcessContext): Promise<Outcome> {
  const parking = new Parking();
  let failedBecauseOf: string | undefined;
  try {
    for (let attempt = 1; ; attempt += 1) {
      // A discarded message waits for no outage to end, because it would use up a probe.
      if (message.mustBeAbandoned) return message.become('abandoned');
      const mayCall = await within.dependencies.pass(failedBecauseOf);
      if (message.mustBeAbandoned) return message.become('abandoned');
      const failure = await within.queue.inSlot(() => handleOnce(message, { attempt, mayCall }, within));
      if (failure === undefined) return message.become('done');
      if (message.mustBeAbandoned) return message.become('abandoned');
      const { error } = failure;
      failedBecauseOf = error instanceof TransientError ? error.dependency : undefined;
      park(message, error, attempt, parking, within);
      const now = Date.now();
      const of = { attempt, key: message.delivery.key, now };
      const verdict = await classifyFailure(error, of, parking, within.dependencies, within);
      if (verdict.kind === 'dead-letter')
        return await deadLetter(message, verdict.reason, failure, attempt, parking, within);
      within.hooks.onRetry?.(verdict.reason, message.delivery.headers);
      message.become('backingOff');
      const waited = sleep(verdict.waitMs, true, { signal: message.abandoned });
      if (!(await waited.catch(() => false))) return message.become('abandoned');
    }
  } finally {
    if (within.parked.delete(message)) within.hooks.onParked?.(within.parked.size);
  }
}

/** One try. Returns the error, wrapped so that even a thrown `undefined` is recognised. */
async function handleOnce(
  message: ReceivedMessage,
  { attempt, mayCall }: Pick<Delivery, 'attempt' | 'mayCall'>,
  { handle, dependencies, queue, groupId: group, clientId }: ProcessContext,
): Promise<{ error: unknown } | undefined> {
  const { delivery } = message;
  const behind = () => queue.behind(delivery.key).flatMap((other) => (other.mustBeAbandoned ? [] : other.delivery));
  // The message may have waited for its slot.
  message.become('handling');
  if (message.mustBeAbandoned)
    return { error: new TransientError('the partition is no longer ours', { reason: 'revoked' }) };
  try {
    const helped = await processing(delivery, { group, clientId }, (span) => {
      if (attempt > 1) span.setAttribute('connector.attempt', attempt);
      return handle({ ...delivery, attributes: attributesOf(message.raw.headers), attempt, mayCall, behind });
    });
    dependencies.succeeded(helped ?? []);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** Notes that a message's key waits, unless no retry could help. */
function park(
  message: ReceivedMessage,
  error: unknown,
  attempt: number,
  parking: Parking,
  { parked, hooks, log }: ProcessContext,
): void {
  if (reasonForGood(error) !== undefined) return;
  if (parking.failed(Date.now())) {
    parked.add(message);
    hooks.onParked?.(parked.size);
  }
  const { partition, offset } = message.delivery;
  log.warn({ error, attempt, partition, offset }, 'a message is tried again later');
}

async function deadLetter(
  message: ReceivedMessage,
  reason: DeadLetterReason,
  { error }: { error: unknown },
  attempts: number,
  parking: Parking,
  within: ProcessContext,
): Promise<'dead_lettered' | 'abandoned'> {
  const { appVersion, deadLetterTopic: topic, groupId: consumerGroup, hooks, log, producer } = within;
  message.become('deadLettering');
  const firstFailedAt = parking.firstFailedAt ?? new Date();
  const about = { reason, error, attempts, firstFailedAt, consumerGroup, appVersion };
  if (!(await sendToDeadLetters(message, about, { producer, topic, log }))) return message.become('abandoned');
  message.become('done');
  hooks.onDeadLetter?.(reason, message.delivery.headers);
  const { partition, offset } = message.delivery;
  log.error({ error, reason, attempts, partition, offset }, 'a message became a dead letter');
  return 'dead_lettered';
}
