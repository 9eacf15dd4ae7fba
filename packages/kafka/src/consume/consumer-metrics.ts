import { metrics } from '@connector/telemetry';
import type { Outcome } from './process.ts';

/** The metrics of one consumer. Topic and group are without the configured prefix. */
export class ConsumerMetrics {
  readonly #topic: string;
  readonly #group: string;

  constructor(topic: string, group: string) {
    this.#topic = topic;
    this.#group = group;
    metrics.consumerJoined.set({ group }, 0);
    metrics.consumerRebalances.inc({ group }, 0);
    for (const restart of ['true', 'false']) metrics.consumerCrashes.inc({ group, restart }, 0);
  }

  joined(): void {
    metrics.consumerRebalances.inc({ group: this.#group });
    metrics.consumerJoined.set({ group: this.#group }, 1);
  }

  left(): void {
    metrics.consumerJoined.set({ group: this.#group }, 0);
  }

  recreated(): void {
    metrics.consumerCrashes.inc({ group: this.#group, restart: 'true' });
  }

  received(partition: number, messages: number): void {
    const labels = { ...this.#labels(partition), messaging_operation_name: 'poll', error_type: '' };
    metrics.consumedMessages.inc(labels, messages);
  }

  /** `started` is from `performance.now()`, in ms. */
  processed(partition: number, outcome: Exclude<Outcome, 'abandoned'>, started: number): void {
    const error_type = outcome === 'done' ? '' : outcome;
    const labels = { ...this.#labels(partition), messaging_operation_name: 'process', error_type };
    metrics.processDuration.observe(labels, (performance.now() - started) / 1000);
  }

  #labels(partition: number) {
    return {
      messaging_system: 'kafka',
      messaging_destination_name: this.#topic,
      messaging_consumer_group_name: this.#group,
      messaging_destination_partition_id: String(partition),
    };
  }
}
