import type { KafkaMessage } from 'kafkajs';
import { headersOf } from '../headers.ts';
import type { Delivery } from './delivery.ts';
import type { GroupGeneration } from './group-generation.ts';

export type MessageState = 'waiting' | 'handling' | 'backingOff' | 'deadLettering' | 'done' | 'abandoned';

/**
 * The allowed next states of a received message. A done message can be committed. An abandoned one arrives again, at
 * the partition's next member.
 */
const MAY_BECOME: Record<MessageState, readonly MessageState[]> = {
  waiting: ['handling', 'abandoned'],
  handling: ['done', 'backingOff', 'deadLettering', 'abandoned'],
  backingOff: ['handling', 'abandoned'],
  deadLettering: ['done', 'abandoned'],
  done: [],
  abandoned: [],
};

/** A received message before its first try. */
export type ReceivedDelivery = Omit<Delivery, 'attempt' | 'attributes' | 'mayCall' | 'behind'>;

/** A message of one generation, from its receipt to its effect. */
export class ReceivedMessage {
  readonly raw: KafkaMessage;
  readonly delivery: ReceivedDelivery;
  readonly #generation: GroupGeneration;
  readonly #stopping: AbortSignal;
  #state: MessageState = 'waiting';

  constructor(raw: KafkaMessage, delivery: ReceivedDelivery, generation: GroupGeneration, stopping: AbortSignal) {
    this.raw = raw;
    this.delivery = delivery;
    this.#generation = generation;
    this.#stopping = stopping;
  }

  get state(): MessageState {
    return this.#state;
  }

  /** Whether the partition may belong to another member, or the process is shutting down. */
  get mustBeAbandoned(): boolean {
    return !this.#generation.isAssigned || this.#stopping.aborted;
  }

  /** Aborted when the message must be abandoned. */
  get abandoned(): AbortSignal {
    return AbortSignal.any([this.#generation.ended, this.#stopping]);
  }

  become<S extends MessageState>(next: S): S {
    if (!MAY_BECOME[this.#state].includes(next))
      throw new Error(`a message that is ${this.#state} cannot become ${next}`);
    this.#state = next;
    return next;
  }
}

/** A message as received under `generation`. A message without a key has no order with others. */
export function deliveryOf(
  topic: string,
  partition: number,
  message: KafkaMessage,
  generation: GroupGeneration,
): ReceivedDelivery {
  const headers = headersOf(message);
  return {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString() ?? `${partition}:${message.offset}`,
    value: message.value ?? Buffer.alloc(0),
    headers,
    receivedAt: new Date(Number(message.timestamp)),
    isAssigned: () => generation.isAssigned,
  };
}
