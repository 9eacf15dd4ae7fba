import { type Latency, latencyOf } from '@connector/load-tests/figures';
import { randomOf } from '@connector/load-tests/random';
import type { UnitCosts } from '@connector/load-tests/unit-costs';
import { type Assumptions, type Deployment, type Limits, ownEvents } from './capacity.ts';

/** Things that happen in time, the earliest first; ties in the order in which they were planned. */
export class Clock {
  now = 0;
  readonly #heap: { at: number; order: number; happen: () => void }[] = [];
  #order = 0;

  in(ms: number, happen: () => void): void {
    const heap = this.#heap;
    const next = { at: this.now + ms, order: this.#order++, happen };
    let at = heap.push(next) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(next, heap[above] as typeof next)) break;
      heap[at] = heap[above] as typeof next;
      at = above;
    }
    heap[at] = next;
  }

  /** Lets everything happen that is planned until then. */
  run(untilMs: number): void {
    const heap = this.#heap;
    for (let first = heap[0]; first && first.at <= untilMs; first = heap[0]) {
      const last = heap.pop() as typeof first;
      if (heap.length > 0) {
        let at = 0;
        for (;;) {
          let below = 2 * at + 1;
          if (below >= heap.length) break;
          if (below + 1 < heap.length && isBefore(heap[below + 1] as typeof last, heap[below] as typeof last))
            below += 1;
          if (!isBefore(heap[below] as typeof last, last)) break;
          heap[at] = heap[below] as typeof last;
          at = below;
        }
        heap[at] = last;
      }
      this.now = first.at;
      first.happen();
    }
    this.now = untilMs;
  }
}

const isBefore = (a: { at: number; order: number }, b: { at: number; order: number }): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);

/** Several servers behind one queue: the cores of a service's pods, or the calls that a pod makes at once. */
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

  /** Share of its servers' time that was used, of `elapsedMs`. */
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

/** Lets so many calls through in a second and no more; a refused one comes again, so it waits. */
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
    // A second's worth may come at once.
    const at = Math.max(this.#free, this.#clock.now - 1000);
    this.#free = at + this.#everyMs;
    const wait = Math.max(0, at - this.#clock.now);
    if (wait === 0) then();
    else this.#clock.in(wait, then);
  }
}

export interface Scenario {
  readonly perSecond: number;
  readonly seconds: number;
  readonly seed: number;
  readonly deployment: Deployment;
  readonly limits: Limits;
  readonly assumptions: Assumptions;
}

export interface Outcome {
  readonly payments: number;
  /** From the request to the client secret, in ms. */
  readonly open: Latency;
  /** From an event's arrival in Kafka to its end in the ledger, in ms. */
  readonly ledger: Latency;
  /** Events that the ledger had not handled at the end, and openings that were not answered. */
  readonly eventsWaiting: number;
  readonly opensWaiting: number;
  /** Share of the pods' time that was used. */
  readonly utilisation: Readonly<Record<keyof Deployment['pods'], number>>;
}

/** Between a send and the broker's acknowledgement. */
const KAFKA_MS = 5;
/** Of a payment's processor time at intent, what is spent until it is opened. */
const OPENING = 0.6;

/**
 * Payments that arrive at random (Poisson) and queue for pods, for Stripe's and commercetools' limits, and for their partition's ledger.
 * Service times are exponential around the measured means, which is worse than what is measured; calls take their latency. The same seed
 * gives the same outcome.
 */
export function simulate(costs: UnitCosts, scenario: Scenario): Outcome {
  const { perSecond, seconds, seed, deployment, limits, assumptions } = scenario;
  const { payment } = costs;
  const random = randomOf(seed);
  const clock = new Clock();
  const exponential = (mean: number) => -mean * Math.log(1 - random.next());
  const { pods } = deployment;
  const intent = new Station(clock, pods.intent);
  const sessionAuth = new Station(clock, pods.sessionAuth);
  const ingest = new Station(clock, pods.webhookIngest);
  const ledgers = Array.from({ length: Math.min(pods.ledger, deployment.partitions) }, () => ({
    core: new Station(clock, 1),
    calls: new Station(clock, deployment.ledgerConcurrency),
  }));
  const [account, creating, reading] = [
    new Gate(clock, limits.stripePerSecond),
    new Gate(clock, limits.stripePerEndpoint),
    new Gate(clock, limits.stripePerEndpoint),
  ];
  const commercetools = new Gate(clock, limits.commercetoolsPerSecond);
  const [opens, handled]: [number[], number[]] = [[], []];
  let [arrived, produced] = [0, 0];

  const cpuOfEvent = payment.cpuMs.ledger / payment.ledgerEvents;
  const callsOfEvent = payment.ledgerCommercetoolsCalls / payment.ledgerEvents;
  /** One event of a payment, in its partition's ledger: processor time, then its calls one after the other. */
  const handle = (partition: number) => {
    produced += 1;
    const from = clock.now;
    const ledger = ledgers[partition % ledgers.length] as (typeof ledgers)[number];
    const done = () => handled.push(clock.now - from);
    ledger.core.serve(exponential(cpuOfEvent), () => {
      const calls = Math.floor(callsOfEvent) + (random.chance(callsOfEvent % 1) ? 1 : 0);
      if (calls === 0) done();
      else commercetools.pass(() => ledger.calls.serve(calls * assumptions.commercetoolsMs, done));
    });
  };
  const stripe = (endpoint: Gate, then: () => void) =>
    endpoint.pass(() => account.pass(() => clock.in(assumptions.stripeMs, then)));

  const confirm = (partition: number) =>
    intent.serve(exponential(payment.cpuMs.intent * (1 - OPENING)), () =>
      stripe(reading, () => {
        if (random.chance(ownEvents(payment) - 1)) clock.in(KAFKA_MS, () => handle(partition));
      }),
    );
  const webhook = (partition: number) =>
    ingest.serve(exponential(payment.cpuMs.webhookIngest / payment.webhooks), () =>
      clock.in(KAFKA_MS, () => handle(partition)),
    );
  /** Calls of other endpoints: nobody waits for them here, but they count against the account's limit. */
  const otherCalls = () => {
    const mean = Math.max(0, payment.stripeCalls - 2);
    const calls = Math.floor(mean) + (random.chance(mean % 1) ? 1 : 0);
    for (let nth = 0; nth < calls; nth += 1) account.pass(() => {});
  };
  const arrive = () => {
    arrived += 1;
    const from = clock.now;
    const partition = random.between(0, deployment.partitions - 1);
    sessionAuth.serve(exponential(payment.cpuMs.sessionAuth), () =>
      intent.serve(exponential(payment.cpuMs.intent * OPENING), () => {
        // The PaymentIntent beside the payment and its cart; the answer waits for both.
        let left = 2;
        const opened = () => {
          left -= 1;
          if (left > 0) return;
          opens.push(clock.now - from);
          clock.in(KAFKA_MS, () => handle(partition));
          const webhooks = Math.floor(payment.webhooks) + (random.chance(payment.webhooks % 1) ? 1 : 0);
          for (let nth = 0; nth < webhooks; nth += 1) webhook(partition);
          confirm(partition);
        };
        creating.pass(() => {
          otherCalls();
          account.pass(() => clock.in(assumptions.stripeMs, opened));
        });
        commercetools.pass(() => clock.in(2 * assumptions.commercetoolsMs, opened));
      }),
    );
    clock.in(exponential(1000 / perSecond), arrive);
  };
  clock.in(exponential(1000 / perSecond), arrive);
  clock.run(seconds * 1000);
  const elapsed = seconds * 1000;
  const ledgerBusy = ledgers.reduce((sum, { core }) => sum + core.utilisation(elapsed), 0) / ledgers.length;
  return {
    payments: arrived,
    open: latencyOf(opens),
    ledger: latencyOf(handled),
    eventsWaiting: produced - handled.length,
    opensWaiting: arrived - opens.length,
    utilisation: {
      intent: intent.utilisation(elapsed),
      sessionAuth: sessionAuth.utilisation(elapsed),
      webhookIngest: ingest.utilisation(elapsed),
      ledger: ledgerBusy,
    },
  };
}
