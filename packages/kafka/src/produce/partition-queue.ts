import type { KafkaMessage } from './record-batch.ts';

/** A record on its way to a partition. */
export interface PendingRecord {
  readonly message: KafkaMessage;
  readonly bytes: number;
  /** Time of its arrival, from `performance.now()`. */
  readonly since: number;
  /** True when its sender has got the result: the record is not sent any more. */
  readonly isSettled: boolean;
  /** Gives its sender the result; false when the sender already had one. */
  settle(error?: Error): boolean;
  /** Whether it is sent alone: the broker refused it together with others, without saying which of them. */
  alone?: boolean;
}

/** Records of one partition in the order of arrival. At most one request of a partition is open, so the order stays. */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  #waiting: PendingRecord[] = [];
  #underWay: readonly PendingRecord[] = [];
  #failures = 0;
  #notBefore = 0;

  /** `topic` is its name in the cluster. */
  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get isUnderWay(): boolean {
    return this.#underWay.length > 0;
  }

  /** Number of records, including some that recently failed. */
  get size(): number {
    return this.#underWay.length + this.#waiting.length;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Records whose senders wait. */
  get pending(): readonly PendingRecord[] {
    return this.#underWay.length > 0 ? [...this.#underWay, ...this.#waiting] : this.#waiting;
  }

  add(record: PendingRecord): void {
    this.#waiting.push(record);
  }

  /** Whether a record could be sent now. */
  isReady(now: number): boolean {
    this.forgetSettled();
    return this.#waiting.length > 0 && this.#underWay.length === 0 && now >= this.#notBefore;
  }

  /** Removes the records whose senders have their result. They are older than those whose senders still wait. */
  forgetSettled(): void {
    if (this.#waiting[0]?.isSettled) this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
  }

  /** Removes and returns the records that are in no open request, for another partition. */
  withdraw(): PendingRecord[] {
    this.forgetSettled();
    return this.#waiting.splice(0);
  }

  /** Takes the oldest records for a request, within both limits, but at least one if `least` is 1. */
  take(records: number, bytes: number, least: 0 | 1): readonly PendingRecord[] {
    const taken: PendingRecord[] = [];
    let left = bytes;
    while (taken.length < records) {
      const next = this.#waiting[0];
      if (!next || (next.bytes > left && taken.length >= least) || (next.alone && taken.length > 0)) break;
      this.#waiting.shift();
      if (next.isSettled) continue;
      taken.push(next);
      left -= next.bytes;
      if (next.alone) break;
    }
    this.#underWay = taken;
    return taken;
  }

  /** The records of the open request are written; returns them. */
  written(): readonly PendingRecord[] {
    const records = this.#underWay;
    this.#underWay = [];
    this.#failures = 0;
    this.#notBefore = 0;
    return records;
  }

  /** The records of the open request may not be written. They are sent again first, after `pauseMs`. */
  repeat(now: number, pauseMs: number): void {
    this.#failures += 1;
    this.#notBefore = now + pauseMs;
    this.#putBack();
  }

  /**
   * The broker refuses the records of the open request permanently. Returns the record if it was a single one;
   * otherwise each is tried alone.
   */
  refused(): PendingRecord | undefined {
    const [first, ...others] = this.#underWay;
    if (first && others.length === 0) {
      this.#underWay = [];
      return first;
    }
    for (const record of this.#underWay) record.alone = true;
    this.#putBack();
    return undefined;
  }

  #putBack(): void {
    this.#waiting.unshift(...this.#underWay.filter(({ isSettled }) => !isSettled));
    this.#underWay = [];
  }
}
