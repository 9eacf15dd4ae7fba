import { PAYMENT_EVENTS_DLQ } from '@connector/contracts';
import type { DeadLetterQueue } from '@connector/kafka';
import type { Component } from '@connector/lifecycle';
import { type Logger, metrics } from '@connector/telemetry';

/**
 * Exports how many dead letters wait (are neither redriven nor discarded). Every process of the service exports the
 * same number.
 */
export function deadLetterDepth(queue: Pick<DeadLetterQueue, 'depth'>, log: Logger, everyMs: number): Component {
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  const tick = async () => {
    if (looking) return;
    looking = true;
    try {
      metrics.dlqDepth.set({ topic: PAYMENT_EVENTS_DLQ }, await queue.depth());
    } catch (error) {
      // The last known depth stays; the consumer and the producer log that Kafka is down.
      log.debug({ error }, 'the dead letters cannot be counted now');
    } finally {
      looking = false;
    }
  };
  return {
    name: 'dead letter depth',
    start: async () => {
      void tick();
      timer = setInterval(() => void tick(), everyMs);
      timer.unref();
    },
    stop: async () => clearInterval(timer),
  };
}
