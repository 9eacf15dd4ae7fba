import { type Benchmark, type Budget, ms } from '../benchmark.ts';
import type { Latency } from '../figures.ts';
import { table } from '../table.ts';
import { KINDS, type Kind, measurePayments, OWN, type PaymentFigures, type Taken } from './measure.ts';

/** Calls to commercetools a payment, and processor time of the four services together in ms. */
const LIMITS = { commercetools: { guest: 8, customer: 9 }, cpuMs: 22 } as const;

/** Calls of the baseline's guest, by side. */
const BASELINE_CALLS = { commercetools: 6, stripe: 2 };

/** What a whole payment costs, beside the least that it could: the calls that cannot be avoided, by a plain script. */
export const paymentBenchmark: Benchmark<PaymentFigures> = {
  name: 'payment',
  webhooks: true,
  measure: measurePayments,

  tables(figures) {
    return [costs(figures), routes(figures), waits(figures)].join('\n\n');
  },

  budgets({ kinds }): Budget[] {
    const calls = (['guest', 'customer'] as const).map((kind) => {
      const made = callsTo('commercetools', kinds[kind]);
      const limit = LIMITS.commercetools[kind];
      return {
        what: `calls to commercetools a payment, ${kind}`,
        measured: made.toFixed(1),
        target: `≤ ${limit}`,
        // Two events that come in the other order, or a conflict, make a call more now and then.
        holds: made <= limit + 0.05,
      };
    });
    const cpu = servicesCpu(kinds);
    return [
      ...calls,
      {
        what: 'processor time of the four services a payment, mean of guest and customer',
        measured: ms(cpu),
        target: `≤ ${LIMITS.cpuMs} ms`,
        holds: cpu <= LIMITS.cpuMs,
      },
    ];
  },
};

/** Processor time of the four services a payment, in ms, the mean of a guest's and a customer's. */
const servicesCpu = (kinds: PaymentFigures['kinds']): number => (ownCpu(kinds.guest) + ownCpu(kinds.customer)) / 2;

const ownCpu = ({ cpuMs }: Taken): number => OWN.reduce((sum, name) => sum + (cpuMs[name] ?? 0), 0);

/** Calls a payment to one side; without those for access tokens, which no single payment makes. */
export const callsTo = (side: 'commercetools' | 'stripe', { calls }: Taken): number =>
  Object.values(calls)
    .flatMap((of) => Object.entries(of))
    .filter(([name]) => name.startsWith(`${side} `) && !name.startsWith(`${side} oauth`))
    .reduce((sum, [, count]) => sum + count, 0);

const each = (kinds: PaymentFigures['kinds'], text: (taken: Taken) => string): string[] =>
  KINDS.map((kind) => text(kinds[kind]));

const whole = (value: number): string => value.toFixed(1);

function costs({ kinds, baseline }: PaymentFigures): string {
  const row = (name: string, text: (taken: Taken) => string, baseline = '') => [name, ...each(kinds, text), baseline];
  return table(
    ['a payment, from its first call to rest', ...KINDS, 'unavoidable calls'],
    [
      row(
        'calls to commercetools',
        (taken) => whole(callsTo('commercetools', taken)),
        whole(BASELINE_CALLS.commercetools),
      ),
      row('calls to Stripe', (taken) => whole(callsTo('stripe', taken)), whole(BASELINE_CALLS.stripe)),
      row('processor time of the four services', (taken) => ms(ownCpu(taken)), ms(baseline.cpuMs)),
      ...OWN.map((name) => row(`- ${name}`, ({ cpuMs }) => ms(cpuMs[name] ?? 0))),
      row('processor time of Kafka', ({ cpuMs }) => ms(cpuMs.kafka ?? 0)),
      row('bytes to Kafka', ({ kafkaBytes }) => `${(kafkaBytes / 1000).toFixed(1)} kB`),
      row("Stripe's webhooks", ({ webhooks }) => whole(webhooks)),
      row('events that the ledger handles', ({ ledgerEvents }) => whole(ledgerEvents)),
    ],
  );
}

function routes({ kinds }: PaymentFigures): string {
  const made = (kind: Kind, service: string, name: string) => kinds[kind].calls[service]?.[name] ?? 0;
  const rows = OWN.flatMap((service) => {
    const names = new Set(KINDS.flatMap((kind) => Object.keys(kinds[kind].calls[service] ?? {})));
    return [...names]
      .toSorted()
      .filter((name) => KINDS.some((kind) => made(kind, service, name) >= 0.005))
      .map((name) => [service, name, ...KINDS.map((kind) => made(kind, service, name).toFixed(2))]);
  });
  return table(['service', 'calls', ...KINDS], rows);
}

function waits({ kinds, baseline }: PaymentFigures): string {
  const text = (latency: Latency | undefined) => (latency ? `${ms(latency.p50, 0)}, ${ms(latency.p99, 0)}` : '');
  const steps = [...new Set(KINDS.flatMap((kind) => Object.keys(kinds[kind].steps)))];
  return table(
    ['the shopper waits, p50 and p99', ...KINDS, 'unavoidable calls'],
    steps.map((step) => [step, ...each(kinds, (taken) => text(taken.steps[step])), text(baseline.steps[step])]),
  );
}
