import { setTimeout as sleep } from 'node:timers/promises';
import { PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ } from '@connector/contracts';
import { createKafka, type Kafka, kafkaConfig } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { Shop } from '@connector/load-tests/shop';
import { type ProcessDied, type Sandbox, startSandbox } from '@connector/sandbox';
import { createLogger } from '@connector/telemetry';
import * as z from 'zod';
import { type Audited, audited } from './audited.ts';
import { compare, type Finding } from './consistency-check.ts';
import { planFaults } from './fault-plan.ts';
import { type FaultName, faultsWith, type Planned } from './faults.ts';
import { type Injected, Injector } from './injector.ts';
import { recordsIn } from './kafka-state.ts';
import { type Acknowledged, compareKept, recordsByEvent } from './kept.ts';
import { playScenario } from './play-scenario.ts';
import { scenarioOf } from './scenarios.ts';
import { bothSides, control, SETTLE_MS, untilQuiet, type Webhooks } from './sides.ts';
import { chargedTwice, Transactions } from './transactions.ts';

export interface ChaosOptions {
  readonly payments: number;
  /** The time over which scenarios begin, in seconds; longer on a slower machine. */
  readonly seconds: number;
  readonly seed: number;
  readonly faults?: readonly FaultName[];
  /** How many brokers Kafka has; default 1. */
  readonly brokers?: number;
  /** Duration of commercetools' outage, in ms; other temporary faults last half as long. */
  readonly outageMs?: number;
  /** How often the ledger is killed, at most 3. Each time its group waits a quarter of a minute for the dead member. */
  readonly ledgerKills?: number;
  /** Concurrent scenarios. */
  readonly concurrency?: number;
  /** Time limit after the last scenario for everything to come to rest, in ms. */
  readonly quietWithinMs?: number;
  readonly build?: boolean;
  readonly onProgress?: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly brokers: number;
  readonly scenarios: number;
  /** Scenarios that could not be completed, with the reason. */
  readonly cutShort: readonly string[];
  readonly retriedRequests: number;
  /** Operations that were refused although Stripe could have done them, and the side that refused. */
  readonly refusals: readonly string[];
  /** Operations that were requested before the payment had its PaymentIntent's id, and then repeated. */
  readonly tooEarly: number;
  /** Merchant-initiated transactions, and how often they were requested again. */
  readonly merchantTransactions: { readonly made: number; readonly repeated: number };
  readonly paymentIntents: number;
  readonly refunds: number;
  readonly disputes: number;
  readonly transactions: number;
  /** Stripe's events; delivered webhooks and those answered with 2xx; records on the events topic. */
  readonly events: {
    readonly made: number;
    readonly attempts: number;
    readonly delivered: number;
    readonly records: number;
  };
  readonly faults: readonly Injected[];
  readonly deadLetters: number;
  /** The result of the connector's own audit at the end; its differences are findings, too. */
  readonly audit: Audited;
  readonly findings: readonly Finding[];
  readonly seconds: { readonly scenarios: number; readonly toRest: number; readonly total: number };
  /** True when nothing moved any more at the comparison. */
  readonly atRest: boolean;
}

/**
 * Plays scenarios in a sandbox of its own while faults come and go, ends the faults, waits until nothing moves any
 * more, and compares both sides. The seed determines the scenarios and faults, but not the moments at which they meet.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const progress = options.onProgress ?? (() => {});
  const sandbox = await startSandbox({
    port: 0,
    ...(options.build === false && { build: false }),
    env: {
      ...process.env,
      ...(options.brokers !== undefined && { KAFKA_SANDBOX_BROKERS: String(options.brokers) }),
      LOG_LEVEL: 'info',
      STRIPE_ENABLE_MULTI_OPERATIONS: 'true',
      STORED_PAYMENT_METHODS_ENABLED: 'true',
      // Every repeated webhook goes on to the ledger.
      WEBHOOK_DUPLICATE_WINDOW_S: '0',
    },
    onDeath: ({ message }: ProcessDied) => progress(message),
    onProgress: (part, line) => progress(`${part}: ${line}`),
  });
  try {
    return await chaos(sandbox, options, progress);
  } finally {
    await sandbox.stop();
  }
}

const DEFAULT_OUTAGE_MS = 20_000;
/** Clocks differ; a new sandbox contains nothing older. */
const HOUR_MS = 3_600_000;

async function chaos(sandbox: Sandbox, options: ChaosOptions, progress: (line: string) => void): Promise<ChaosReport> {
  const since = new Date(Date.now() - HOUR_MS);
  const kafka = connect(sandbox);
  const shop = new Shop({
    url: sandbox.url,
    stripe: { url: sandbox.env.STRIPE_API_BASE ?? '', secretKey: sandbox.env.STRIPE_SECRET_KEY ?? '' },
    patienceMs: 180_000,
  });
  await control(sandbox, 'PUT', 'stripe/settings', { settleDelayMs: SETTLE_MS });
  const transactions = await Transactions.begin(sandbox);
  const injector = new Injector(sandbox, kafka, faultsOf(options), progress);

  const began = performance.now();
  const secondsSince = (from: number) => Math.round((performance.now() - from) / 100) / 10;
  const cutShort = await playAll(options, shop, transactions, injector, progress);
  const scenarios = secondsSince(began);
  progress(`all scenarios are played after ${scenarios} s`);
  await injector.lift();
  progress('all faults are lifted');

  const lifted = performance.now();
  const atRest = await untilQuiet(sandbox, kafka, options.quietWithinMs ?? 180_000, progress);
  return {
    seed: options.seed,
    brokers: options.brokers ?? 1,
    scenarios: options.payments,
    cutShort,
    retriedRequests: shop.retries,
    refusals: shop.refusals,
    tooEarly: shop.tooEarly,
    merchantTransactions: { made: transactions.made, repeated: transactions.repeated },
    ...(await compared(sandbox, kafka, transactions, since)),
    faults: injector.injected,
    seconds: { scenarios, toRest: secondsSince(lifted), total: secondsSince(began) },
    atRest,
  };
}

function faultsOf({ seed, seconds, brokers = 1, outageMs = DEFAULT_OUTAGE_MS, ...options }: ChaosOptions): Planned[] {
  const { faults = faultsWith(brokers), ledgerKills = 3 } = options;
  return planFaults(seed, faults, { outageMs, ledgerKills, rounds: roundsIn(seconds, outageMs) });
}

/** Plays every scenario, some at once, while the faults come; answers which could not be played to their end, and why. */
async function playAll(
  { payments, seconds, seed, concurrency = 48 }: ChaosOptions,
  shop: Shop,
  transactions: Transactions,
  injector: Injector,
  progress: (line: string) => void,
): Promise<string[]> {
  const cutShort: string[] = [];
  const began = performance.now();
  let started = 0;
  const playOneAfterAnother = async () => {
    for (let index = started++; index < payments; index = started++) {
      const dueMs = (index / payments) * seconds * 1000 - (performance.now() - began);
      if (dueMs > 0) await sleep(dueMs);
      injector.progressed((index + 1) / payments);
      if (index % Math.ceil(payments / 10) === 0) progress(`${index} of ${payments} scenarios have begun`);
      try {
        await playScenario(shop, scenarioOf(seed, index));
        await transactions.follow(seed, index);
      } catch (error) {
        cutShort.push(`scenario ${index}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, payments) }, playOneAfterAnother));
  return cutShort;
}

/** What both sides and Kafka have at the end, and where they differ. */
async function compared(sandbox: Sandbox, kafka: Kafka, transactions: Transactions, since: Date) {
  const [stripe, commercetools] = await bothSides(sandbox);
  const { audit, findings: differences } = await audited(sandbox, since);
  const { attempts, delivered } = await control<Webhooks>(sandbox, 'GET', 'stripe/webhooks');
  const acknowledged = await control<Acknowledged[]>(sandbox, 'GET', 'stripe/webhooks/acknowledged');
  const kept = compareKept(acknowledged, await recordsByEvent(kafka));
  return {
    paymentIntents: stripe.payment_intents.length,
    refunds: stripe.refunds.filter(({ is_release }) => !is_release).length,
    disputes: stripe.disputes.length,
    transactions: commercetools.payments.reduce((sum, payment) => sum + payment.transactions.length, 0),
    events: { made: stripe.events, attempts, delivered, records: await recordsIn(kafka, PAYMENT_EVENTS) },
    deadLetters: await recordsIn(kafka, PAYMENT_EVENTS_DLQ),
    audit,
    findings: [
      ...differences,
      ...kept,
      ...compare(stripe, commercetools),
      ...transactions.findings,
      ...chargedTwice(stripe, commercetools),
    ],
  };
}

/** A round of all faults takes about twelve times the outage, so that most of it is neither down nor undisturbed. */
const roundsIn = (seconds: number, outageMs: number): number =>
  Math.max(1, Math.round((seconds * 1000) / (12 * outageMs)));

const connect = ({ env }: Sandbox): Kafka =>
  createKafka(parseConfig(z.object(kafkaConfig), env), { clientId: 'bench', log: createLogger('bench', 'silent') });
