import type { EventAttributes } from '@connector/contracts';

/** A message that was received and has not been tried yet. */
export type WaitingMessage = Pick<Delivery, 'headers' | 'value' | 'receivedAt'>;

/** One arrival of an event. The same event may arrive again, and may have been handled before. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** When Kafka got it. */
  readonly receivedAt: Date;
  readonly attributes: EventAttributes;
  /** 1 for the first try of this arrival. */
  readonly attempt: number;
  /** False once the partition may belong to another process: begin no further side effect then. */
  isAssigned(): boolean;
  /**
   * False while that dependency fails for everybody and this try is not the one that finds out whether it works again: a call would only
   * keep others waiting.
   */
  mayCall(dependency: string): boolean;
  /**
   * The messages with the same key that wait behind this one now, in order. Each is still handled in its own turn: work that is done here for one of them
   * is done early, and has to be safe to repeat.
   */
  behind(): readonly WaitingMessage[];
}
