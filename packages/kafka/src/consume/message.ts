import type { KafkaMessage } from 'kafkajs';
import { headersOf } from '../headers.ts';
import type { Delivery } from './delivery.ts';
import type { GroupGeneration } from './group-generation.ts';

export type MessageState = 'waiting' | 'handling' | 'backingOff' | 'deadLettering' | 'done' | 'abandoned';

/** Where a received message may go. Done is committable; what is abandoned comes again, to whoever has its partition then. */
const MAY_BECOME: Record<MessageState, readonly MessageState[]> = {
  waiting: ['handling', 'abandoned'],
  handling: ['done', 'backingOff', 'deadLettering', 'abandoned'],
  backingOff: ['handling', 'abandoned'],
  deadLettering: ['done', 'abandoned'],
  done: [],
  abandoned: [],
};

/** What is known of a received message before it is tried. */
export type ReceivedDelivery = Omit<Delivery, 'attempt' | 'attributes' | 'mayCall' | 'behind'>;

/** A message of one generation, on its way from the broker to its effect. */
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

  /** Its partition may be another member's, or the process goes down. */
  get mustBeAbandoned(): boolean {
    return !this.#generation.isAssigned || this.#stopping.aborted;
  }

  /** Aborted when it must be abandoned. */
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

/** What is known of a message as it was received under `generation`. Without a key it is ordered with no other. */
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
