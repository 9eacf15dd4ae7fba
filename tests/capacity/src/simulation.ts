import { type Latency, latencyOf } from '@connector/load-tests/figures';
import { type Random, randomOf } from '@connector/load-tests/random';
import type { UnitCosts } from '@connector/load-tests/unit-costs';
import { type Assumptions, type Deployment, type Limits, ownEvents } from './capacity.ts';
import { Clock, Gate, Station } from './queueing.ts';

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
  /** Events that the ledger had not handled at the end, and openings without an answer. */
  readonly eventsWaiting: number;
  readonly opensWaiting: number;
  /** Share of the pods' time that was used. */
  readonly utilisation: Readonly<Record<keyof Deployment['pods'], number>>;
}

/** Between a send and the broker's acknowledgement. */
const KAFKA_MS = 5;
/** The part of a payment's processor time at intent that is spent until the payment is opened. */
const OPENING = 0.6;

/**
 * Payments that arrive at random (Poisson) and queue for pods, for Stripe's and commercetools' limits, and for their
 * partition's ledger. Service times are exponential around the measured means, which is worse than measured; calls take
 * their latency. The same seed gives the same result.
 */
export const simulate = (costs: UnitCosts, scenario: Scenario): Outcome => new Simulation(costs, scenario).run();

/** One process of the ledger: its core, and the calls that it makes at once. */
interface Ledger {
  readonly core: Station;
  readonly calls: Station;
}

class Simulation {
  readonly #payment: UnitCosts['payment'];
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #clock = new Clock();
  readonly #pods: Readonly<Record<'intent' | 'sessionAuth' | 'webhookIngest', Station>>;
  readonly #ledgers: readonly Ledger[];
  /** Stripe's limits: of the account, and of two of its endpoints. */
  readonly #stripe: Readonly<Record<'account' | 'creating' | 'reading', Gate>>;
  readonly #commercetools: Gate;
  /** How long each opening and each event took, in ms. */
  readonly #opens: number[] = [];
  readonly #handled: number[] = [];
  #arrived = 0;
  #produced = 0;

  constructor({ payment }: UnitCosts, scenario: Scenario) {
    const { deployment, limits } = scenario;
    const { pods } = deployment;
    const clock = this.#clock;
    this.#payment = payment;
    this.#scenario = scenario;
    this.#random = randomOf(scenario.seed);
    this.#pods = {
      intent: new Station(clock, pods.intent),
      sessionAuth: new Station(clock, pods.sessionAuth),
      webhookIngest: new Station(clock, pods.webhookIngest),
    };
    this.#ledgers = Array.from({ length: Math.min(pods.ledger, deployment.partitions) }, () => ({
      core: new Station(clock, 1),
      calls: new Station(clock, deployment.ledgerConcurrency),
    }));
    this.#stripe = {
      account: new Gate(clock, limits.stripePerSecond),
      creating: new Gate(clock, limits.stripePerEndpoint),
      reading: new Gate(clock, limits.stripePerEndpoint),
    };
    this.#commercetools = new Gate(clock, limits.commercetoolsPerSecond);
  }

  run(): Outcome {
    const elapsed = this.#scenario.seconds * 1000;
    this.#clock.in(this.#untilNext(), () => this.#arrive());
    this.#clock.run(elapsed);
    const { intent, sessionAuth, webhookIngest } = this.#pods;
    const ledgerBusy = this.#ledgers.reduce((sum, { core }) => sum + core.utilisation(elapsed), 0);
    return {
      payments: this.#arrived,
      open: latencyOf(this.#opens),
      ledger: latencyOf(this.#handled),
      eventsWaiting: this.#produced - this.#handled.length,
      opensWaiting: this.#arrived - this.#opens.length,
      utilisation: {
        intent: intent.utilisation(elapsed),
        sessionAuth: sessionAuth.utilisation(elapsed),
        webhookIngest: webhookIngest.utilisation(elapsed),
        ledger: ledgerBusy / this.#ledgers.length,
      },
    };
  }

  #exponential(mean: number): number {
    return -mean * Math.log(1 - this.#random.next());
  }

  /** A whole number that is `mean` on average. */
  #about(mean: number): number {
    return Math.floor(mean) + (this.#random.chance(mean % 1) ? 1 : 0);
  }

  /** From one payment to the next, in ms. */
  #untilNext(): number {
    return this.#exponential(1000 / this.#scenario.perSecond);
  }

  #arrive(): void {
    this.#arrived += 1;
    const { cpuMs } = this.#payment;
    const from = this.#clock.now;
    const partition = this.#random.between(0, this.#scenario.deployment.partitions - 1);
    this.#pods.sessionAuth.serve(this.#exponential(cpuMs.sessionAuth), () =>
      this.#pods.intent.serve(this.#exponential(cpuMs.intent * OPENING), () => this.#open(from, partition)),
    );
    this.#clock.in(this.#untilNext(), () => this.#arrive());
  }

  /** The PaymentIntent beside the payment and its cart; the answer waits for both. */
  #open(from: number, partition: number): void {
    const { stripeMs, commercetoolsMs } = this.#scenario.assumptions;
    let left = 2;
    const done = () => {
      left -= 1;
      if (left === 0) this.#opened(from, partition);
    };
    this.#stripe.creating.pass(() => {
      this.#otherCalls();
      this.#stripe.account.pass(() => this.#clock.in(stripeMs, done));
    });
    this.#commercetools.pass(() => this.#clock.in(2 * commercetoolsMs, done));
  }

  #opened(from: number, partition: number): void {
    this.#opens.push(this.#clock.now - from);
    this.#produce(partition);
    const webhooks = this.#about(this.#payment.webhooks);
    for (let nth = 0; nth < webhooks; nth += 1) this.#webhook(partition);
    this.#confirm(partition);
  }

  #webhook(partition: number): void {
    const { cpuMs, webhooks } = this.#payment;
    this.#pods.webhookIngest.serve(this.#exponential(cpuMs.webhookIngest / webhooks), () => this.#produce(partition));
  }

  #confirm(partition: number): void {
    const { account, reading } = this.#stripe;
    const read = () => {
      if (this.#random.chance(ownEvents(this.#payment) - 1)) this.#produce(partition);
    };
    this.#pods.intent.serve(this.#exponential(this.#payment.cpuMs.intent * (1 - OPENING)), () =>
      reading.pass(() => account.pass(() => this.#clock.in(this.#scenario.assumptions.stripeMs, read))),
    );
  }

  /** Calls of other endpoints: nothing waits for them here, but they count against the account's limit. */
  #otherCalls(): void {
    const calls = this.#about(Math.max(0, this.#payment.stripeCalls - 2));
    for (let nth = 0; nth < calls; nth += 1) this.#stripe.account.pass(() => {});
  }

  #produce(partition: number): void {
    this.#clock.in(KAFKA_MS, () => this.#handle(partition));
  }

  /** One event of a payment, in its partition's ledger: processor time, then its calls one after the other. */
  #handle(partition: number): void {
    this.#produced += 1;
    const { cpuMs, ledgerEvents, ledgerCommercetoolsCalls } = this.#payment;
    const from = this.#clock.now;
    const ledger = this.#ledgers[partition % this.#ledgers.length] as Ledger;
    const done = () => this.#handled.push(this.#clock.now - from);
    ledger.core.serve(this.#exponential(cpuMs.ledger / ledgerEvents), () => {
      const calls = this.#about(ledgerCommercetoolsCalls / ledgerEvents);
      if (calls === 0) done();
      else this.#commercetools.pass(() => ledger.calls.serve(calls * this.#scenario.assumptions.commercetoolsMs, done));
    });
  }
}
