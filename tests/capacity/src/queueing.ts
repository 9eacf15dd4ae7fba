/** Events in simulated time, the earliest first; those of the same time in the order in which they were planned. */
export class Clock {
  now = 0;
  readonly #heap: Planned[] = [];
  #order = 0;

  in(ms: number, happen: () => void): void {
    const heap = this.#heap;
    const next: Planned = { at: this.now + ms, order: this.#order++, happen };
    let at = heap.push(next) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(next, heap[above] as Planned)) break;
      heap[at] = heap[above] as Planned;
      at = above;
    }
    heap[at] = next;
  }

  /** Runs all events that are planned until then. */
  run(untilMs: number): void {
    for (let next = this.#heap[0]; next && next.at <= untilMs; next = this.#heap[0]) {
      this.#removeFirst();
      this.now = next.at;
      next.happen();
    }
    this.now = untilMs;
  }

  /** The last one takes the place of the first and sinks below what comes before it. */
  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Planned, heap[below] as Planned)) below += 1;
      if (!isBefore(heap[below] as Planned, last)) break;
      heap[at] = heap[below] as Planned;
      at = below;
    }
    heap[at] = last;
  }
}

/** Something that happens at a time, in ms, the `order`th that was planned. */
interface Planned {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

const isBefore = (a: Planned, b: Planned): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Several servers behind one queue: the cores of a service's pods, or a pod's concurrent calls. */
export class Station {
  busyMs = 0;
  waiting = 0;
  readonly #clock: Clock;
  readonly #servers: number;
  readonly #queue: { ms: number; done: () => void }[] = [];
  #head = 0;
  #busy = 0;

  constructor(clock: Clock, servers: number) {
    this.#clock = clock;
    this.#servers = servers;
  }

  serve(ms: number, done: () => void): void {
    if (this.#busy >= this.#servers) {
      this.#queue.push({ ms, done });
      this.waiting += 1;
      return;
    }
    this.#busy += 1;
    this.#begin(ms, done);
  }

  /** Used share of its servers' time in `elapsedMs`. */
  utilisation = (elapsedMs: number): number => this.busyMs / (elapsedMs * this.#servers);

  #begin(ms: number, done: () => void): void {
    this.busyMs += ms;
    this.#clock.in(ms, () => {
      const next = this.#queue[this.#head];
      if (next) {
        this.#head += 1;
        this.waiting -= 1;
        if (this.#head > 10_000) {
          this.#queue.splice(0, this.#head);
          this.#head = 0;
        }
        this.#begin(next.ms, next.done);
      } else this.#busy -= 1;
      done();
    });
  }
}

/** Lets this many calls through in a second. A refused call is repeated, so it waits. */
export class Gate {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #free = 0;

  constructor(clock: Clock, perSecond: number | undefined) {
    this.#clock = clock;
    this.#everyMs = perSecond === undefined ? 0 : 1000 / perSecond;
  }

  pass(then: () => void): void {
    if (this.#everyMs === 0) {
      then();
      return;
    }
    // The calls of one second may come at once.
    const at = Math.max(this.#free, this.#clock.now - 1000);
    this.#free = at + this.#everyMs;
    const wait = Math.max(0, at - this.#clock.now);
    if (wait === 0) then();
    else this.#clock.in(wait, then);
  }
}
