import type { KafkaMessage } from './record-batch.ts';

/** A record on its way to a partition. */
export interface PendingRecord {
  readonly message: KafkaMessage;
  readonly bytes: number;
  /** When it came, as `performance.now()` has it. */
  readonly since: number;
  /** True once its sender knows what became of it: it is not sent any more. */
  readonly isSettled: boolean;
  /** Settles it once; false when it was settled before. */
  settle(error?: Error): boolean;
  /** It is sent by itself: the broker refused it together with others, and did not say which of them it means. */
  alone?: boolean;
}

/** Records of one partition in the order they came. At most one request of a partition is under way, so they keep it. */
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

  /** Records that are here; those that were given up lately are among them. */
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

  /** Whether something could be sent now. */
  isReady(now: number): boolean {
    this.forgetSettled();
    return this.#waiting.length > 0 && this.#underWay.length === 0 && now >= this.#notBefore;
  }

  /** Forgets the records whose senders have their answer already; they are older than those whose senders still wait. */
  forgetSettled(): void {
    if (this.#waiting[0]?.isSettled) this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
  }

  /** Gives away what is not under way, for another partition. */
  withdraw(): PendingRecord[] {
    this.forgetSettled();
    return this.#waiting.splice(0);
  }

  /** Takes the oldest records, at most so many and so many bytes, but at least one if `least` is 1; they are under way then. */
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

  /** What was under way is written; answers it. */
  written(): readonly PendingRecord[] {
    const records = this.#underWay;
    this.#underWay = [];
    this.#failures = 0;
    this.#notBefore = 0;
    return records;
  }

  /** What was under way may not be written: it is first to be sent again, not before `pauseMs` are over. */
  repeat(now: number, pauseMs: number): void {
    this.#failures += 1;
    this.#notBefore = now + pauseMs;
    this.#putBack();
  }

  /** The broker refused what was under way and will again; answers the record if it was one, else each is tried alone. */
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
