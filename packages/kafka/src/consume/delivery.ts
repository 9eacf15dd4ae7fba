import type { EventAttributes } from '@connector/contracts';

/** A received message before its first try. */
export type WaitingMessage = Pick<Delivery, 'headers' | 'value' | 'receivedAt'>;

/** One arrival of an event. The same event may arrive again, and may have been handled before. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Kafka's time of receipt. */
  readonly receivedAt: Date;
  readonly attributes: EventAttributes;
  /** 1 for the first try of this arrival. */
  readonly attempt: number;
  /** False when the partition may belong to another process: the handler must then begin no further side effect. */
  isAssigned(): boolean;
  /** False while that dependency fails broadly and this try is not its probe: a call would only delay others. */
  mayCall(dependency: string): boolean;
  /**
   * The messages with the same key that wait behind this one, in order. Each of them is still handled in its turn: work
   * that is done for it here is done early, and must be safe to repeat.
   */
  behind(): readonly WaitingMessage[];
}
