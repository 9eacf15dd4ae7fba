import { createCustomer } from '@connector/simulator-commercetools';
import { type Benchmark, type Budget, ms, type Plan, profile, rate } from './benchmark.ts';
import type { Environment } from './environment/environment.ts';
import { resourcesOf } from './environment/resources.ts';
import type { Latency } from './figures.ts';
import { costOf, worked } from './load.ts';
import { callsOfOne, type OneOpening } from './one-opening.ts';
import { call, type Shoppers, startProcessor } from './shoppers.ts';
import { table } from './table.ts';

/** Stripe's own connector, measured with the same latencies. */
const ORIGINAL = { p50: 468, calls: 7, perSecond: 65 };
const CONCURRENCY = 32;
const DOUBLE_CLICKED = 32;

export interface OpenFigures {
  readonly latencies: Plan['latencies'];
  readonly open: Latency;
  /** Bare calls by a plain script. */
  readonly baseline: Latency;
  readonly customer: Latency;
  readonly again: Latency;
  readonly perSecond: number;
  readonly floorPerSecond: number;
  /** Processor time of the processor and of session-auth for an opening, in ms. */
  readonly cpuMsPerOpen: number;
  readonly sessionAuthCpuMsPerOpen: number;
  readonly rssMb: number;
  readonly sessionAuthRssMb: number;
  readonly calls: OneOpening;
  readonly doubleClicks: { readonly answered: number; readonly paymentIntents: number; readonly payments: number };
}

/** How long a shopper waits for GET /payments, what it costs beside its bare calls, and what double clicks make. */
export const openBenchmark: Benchmark<OpenFigures> = {
  name: 'open',

  async measure(environment, plan) {
    const [samples, carts] = plan.quick ? [30, 200] : [150, 1_500];
    const { sessionAuth, intent, shoppers, stop } = await startProcessor(environment, { node: profile(plan) });
    try {
      await worked(await shoppers.ready(40), 1, shoppers.open);
      const { id } = await createCustomer(shoppers.api, { email: `bench-${Date.now()}@example.com` });
      const calls = await callsOfOne(environment, plan, shoppers, sessionAuth.url);
      const [bare, mine, signedIn] = [
        await shoppers.ready(samples),
        await shoppers.ready(samples),
        await shoppers.ready(samples, id),
      ];
      await environment.slow(plan.latencies);
      const baseline = await worked(bare, 1, (shopper) => shoppers.bareOpen(shopper));
      const open = await worked(mine, 1, (shopper) => shoppers.open(shopper));
      const again = await worked(mine, 1, (shopper) => shoppers.open(shopper));
      const customer = await worked(signedIn, 1, (shopper) => shoppers.open(shopper));
      await environment.slow({ commercetools: 0, stripe: 0 });

      const [manyBare, many] = [await shoppers.ready(carts), await shoppers.ready(carts)];
      await environment.slow(plan.latencies);
      const floorThroughput = await worked(manyBare, CONCURRENCY, (shopper) => shoppers.bareOpen(shopper));
      const { result: throughput, cpuMs } = await costOf([intent.pid, sessionAuth.pid], () =>
        worked(many, CONCURRENCY, (shopper) => shoppers.open(shopper)),
      );
      const doubleClicks = await clickTwice(environment, plan, shoppers);
      return {
        latencies: plan.latencies,
        open,
        baseline,
        customer,
        again,
        perSecond: throughput.perSecond,
        floorPerSecond: floorThroughput.perSecond,
        cpuMsPerOpen: (cpuMs[0] as number) / carts,
        sessionAuthCpuMsPerOpen: (cpuMs[1] as number) / carts,
        rssMb: (await resourcesOf(intent.pid)).rssMb,
        sessionAuthRssMb: (await resourcesOf(sessionAuth.pid)).rssMb,
        calls,
        doubleClicks,
      };
    } finally {
      await environment.slow({ commercetools: 0, stripe: 0 });
      await stop();
    }
  },

  tables({ open, baseline, customer, again, calls, doubleClicks, ...rest }) {
    const both = ({ p50, p99 }: Latency) => `p50 ${ms(p50)}, p99 ${ms(p99)}`;
    const rows = [
      ['open, one at a time', both(open)],
      ['its bare calls by a plain script', both(baseline)],
      ['open for a customer', both(customer)],
      ['open again', both(again)],
      [`opens, ${CONCURRENCY} at once`, rate(rest.perSecond)],
      ['its bare calls by a plain script', rate(rest.floorPerSecond)],
      [
        'processor time of an opening: intent; session-auth',
        `${ms(rest.cpuMsPerOpen)}; ${ms(rest.sessionAuthCpuMsPerOpen)}`,
      ],
      [
        'memory afterwards: intent; session-auth',
        `${rest.rssMb.toFixed(0)} MB; ${rest.sessionAuthRssMb.toFixed(0)} MB`,
      ],
      [
        `${2 * DOUBLE_CLICKED} double clicks on ${DOUBLE_CLICKED} carts`,
        `${doubleClicks.paymentIntents} PaymentIntents, ${doubleClicks.payments} payments`,
      ],
    ];
    const drawn = calls.calls.map(
      ({ call: name, from, to }) => `  ${from.toFixed(0).padStart(4)} – ${to.toFixed(0).padStart(4)} ms  ${name}`,
    );
    const inARow = `${calls.sequential} ${calls.sequential === 1 ? 'call' : 'calls one after the other'}`;
    const path = [
      `One open, answered after ${calls.took.toFixed(0)} ms: ${inARow} (the original: ${ORIGINAL.calls}).`,
      ...drawn,
    ];
    return `${table(['what', 'measured'], rows)}\n\n\`\`\`\n${path.join('\n')}\n\`\`\``;
  },

  budgets({ open, latencies, perSecond, doubleClicks, floorPerSecond }): Budget[] {
    const target = 3 * ORIGINAL.perSecond;
    // The cart was read with the form: what is left are the PaymentIntent beside the payment and its cart.
    const waits = Math.max(latencies.stripe, 2 * latencies.commercetools);
    return [
      {
        what: 'open: p50 over the injected latencies',
        measured: ms(open.p50 - waits),
        target: '≤ 15 ms',
        holds: open.p50 - waits <= 15,
      },
      {
        what: `opens a second, ${CONCURRENCY} at once`,
        measured: rate(perSecond),
        target: `≥ ${target}/s, three times the original`,
        holds: perSecond >= target,
        boundBy: floorPerSecond < target ? `the plain script comes to ${rate(floorPerSecond)} here` : undefined,
      },
      {
        what: 'double clicks',
        measured: `${doubleClicks.paymentIntents} PaymentIntents, ${doubleClicks.payments} payments`,
        target: `${DOUBLE_CLICKED} and ${DOUBLE_CLICKED}`,
        holds: Object.values(doubleClicks).every((count) => count === DOUBLE_CLICKED),
      },
    ];
  },
};

async function clickTwice(
  environment: Environment,
  plan: Plan,
  shoppers: Shoppers,
): Promise<OpenFigures['doubleClicks']> {
  await environment.slow({ commercetools: 0, stripe: 0 });
  const clicked = await shoppers.ready(DOUBLE_CLICKED);
  await environment.slow(plan.latencies);
  const clicks = await Promise.all([...clicked, ...clicked].map((shopper) => shoppers.open(shopper)));
  await environment.slow({ commercetools: 0, stripe: 0 });
  const carts = new Set(clicked.map(({ cart }) => cart));
  // What lost a race is canceled once its request has been answered.
  const live = async () => {
    const { json } = await call('GET', `${environment.stripe}/_sandbox/state`);
    return (json.payment_intents as { status: string; metadata: { cart_id?: string } }[]).filter(
      ({ status, metadata }) => status !== 'canceled' && carts.has(metadata.cart_id ?? ''),
    );
  };
  for (let tries = 0; tries < 50 && (await live()).length > DOUBLE_CLICKED; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { json } = await call('GET', `${environment.commercetools}/_sandbox/state`);
  const payments = (json.payments as { key?: string }[]).filter(({ key }) => carts.has(key?.slice(0, 36) ?? ''));
  return {
    answered: new Set(clicks.map(({ json: { paymentReference } }) => paymentReference)).size,
    paymentIntents: (await live()).length,
    payments: payments.length,
  };
}
