import { type Benchmark, type Budget, ms, rate } from '../benchmark.ts';
import { setWebhooks } from '../payment/measure.ts';
import { startProcessor } from '../shoppers.ts';
import { table } from '../table.ts';
import { anyPod, type Limit, type Overload, overload, TIMES, type World } from './overload.ts';

/** Stripe's published limits of a live account, in calls a second (https://docs.stripe.com/rate-limits). */
const PER_ENDPOINT = 25;
const PER_ACCOUNT = 100;
/** What commercetools is made to take here, in calls a second; it publishes no number. */
const COMMERCETOOLS = 60;
const TOLD_WITHIN_MS = 3_000;

export interface LimitsFigures {
  readonly seconds: number;
  /** Processes of intent that shared the limits. */
  readonly pods: number;
  readonly overloads: readonly Overload[];
}

/** Three times what Stripe's limits leave room for, and then what commercetools takes. */
export const limitsBenchmark: Benchmark<LimitsFigures> = {
  name: 'limits',
  webhooks: true,

  async measure(environment, plan) {
    const seconds = plan.quick ? 10 : 20;
    const { sessionAuth, intent, shoppers, stop } = await startProcessor(environment);
    const more = Array.from({ length: plan.pods - 1 }, () =>
      environment.start('intent', { SESSION_AUTH_URL: sessionAuth.url }),
    );
    const intents = [intent, ...(await Promise.all(more))];
    const ledger = await environment.start('ledger');
    const ingest = await environment.start('webhook-ingest');
    const world = { environment, plan, intents, ledger, shoppers, seconds };
    const overloads: Overload[] = [];
    try {
      await setWebhooks(environment, { paused: false });
      for (const limit of await limits(world)) overloads.push(await overload(world, limit));
      return { seconds, pods: plan.pods, overloads };
    } finally {
      await environment.slow({ commercetools: 0, stripe: 0 });
      await ingest.kill();
      await ledger.kill();
      await Promise.all(intents.slice(1).map((pod) => pod.kill()));
      await stop();
    }
  },

  tables({ overloads, seconds, pods }) {
    const row = (name: string, text: (of: Overload) => string) => [name, ...overloads.map(text)];
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    return table(
      [
        `${TIMES} times the limit for ${seconds} s${pods > 1 ? `, ${pods} pods of intent` : ''}`,
        ...overloads.map(({ name }) => name),
      ],
      [
        row('the limit, in calls; taken of it', (of) => `${rate(of.limit)}; ${percent(of.takenPerSecond / of.limit)}`),
        row(
          'openings that it leaves room for; opened',
          (of) => `${rate(of.possible)}; ${of.openedPerSecond.toFixed(1)}/s`,
        ),
        row('shoppers: opened; told to try again; otherwise', (of) => `${of.opened}; ${of.told}; ${of.otherwise}`),
        row('answers, p50 and slowest', ({ answers, slowest }) => `${ms(answers.p50, 0)}, ${ms(slowest, 0)}`),
        row('calls refused and made again', ({ repeats }) => percent(repeats)),
        row(
          'confirmations meanwhile: approved; not; booked',
          (of) => `${of.confirmed}; ${of.notConfirmed}; ${of.booked}`,
        ),
        row('served when they tried again', (of) => `${of.servedLater} of ${of.told}`),
        row('carts; their PaymentIntents', ({ carts, paymentIntents }) => `${carts}; ${paymentIntents}`),
        row('audit meanwhile', ({ jobDone }) => (jobDone ? 'done' : 'not done')),
      ],
    );
  },

  budgets: ({ overloads }) => overloads.flatMap(budgetsOf),
};

function budgetsOf(of: Overload): Budget[] {
  const budget = (what: string, measured: string, target: string, holds: boolean): Budget => ({
    what: `limits, ${of.name}: ${what}`,
    measured,
    target,
    holds,
  });
  return [
    budget(
      'calls taken',
      `${of.takenPerSecond.toFixed(1)}/s`,
      `≥ ${(0.95 * of.limit).toFixed(1)}/s, 95 % of the limit`,
      of.takenPerSecond >= 0.95 * of.limit,
    ),
    budget('calls made again', `${(100 * of.repeats).toFixed(1)} %`, '< 10 %', of.repeats < 0.1),
    budget(
      'answers, slowest',
      ms(of.slowest, 0),
      `≤ ${ms(TOLD_WITHIN_MS, 0)}, opened or told to try again`,
      of.slowest <= TOLD_WITHIN_MS && of.otherwise === 0,
    ),
    budget(
      'the next try',
      `${of.servedLater} of ${of.told}; ${of.paymentIntents} PaymentIntents of ${of.carts} carts`,
      'all, one each',
      of.servedLater === of.told && of.paymentIntents === of.carts,
    ),
    budget(
      'confirmations',
      `${of.confirmed} of ${of.confirmed + of.notConfirmed}, ${of.booked} booked`,
      'all',
      of.notConfirmed === 0 && of.booked === of.confirmed,
    ),
    budget('a job meanwhile', of.jobDone ? 'done' : 'not done', 'done', of.jobDone),
  ];
}

async function limits(world: World): Promise<Limit[]> {
  const each = { callsPerSecond: COMMERCETOOLS, callsOfAnOpening: await callsOfAnOpening(world) };
  const beyond = { beyondPerSecond: COMMERCETOOLS, match: '/bench/' };
  return [
    {
      name: 'Stripe, 429',
      side: 'stripe',
      // An opening of a guest is one call, which creates the PaymentIntent.
      callsPerSecond: PER_ENDPOINT,
      callsOfAnOpening: 1,
      faults: [
        { status: 429, beyondPerSecond: PER_ENDPOINT, each: 'endpoint', match: 'POST /v1/payment_intents$' },
        { status: 429, beyondPerSecond: PER_ENDPOINT, each: 'endpoint', match: '/v1/(?!payment_intents$)' },
        { status: 429, beyondPerSecond: PER_ACCOUNT, match: '/v1/' },
      ],
    },
    {
      name: 'commercetools, 503',
      side: 'commercetools',
      ...each,
      faults: [{ status: 503, retryAfterS: 1, ...beyond }],
    },
    { name: 'commercetools, 429', side: 'commercetools', ...each, faults: [{ status: 429, ...beyond }] },
  ];
}

/** Calls to commercetools that intent makes for an opening after the form, what follows the answer among them. */
async function callsOfAnOpening(world: World): Promise<number> {
  const OPENINGS = 20;
  const { shoppers, intents } = world;
  const calls = async () => {
    const each = intents.map((pod) =>
      pod.count('stripe_connector_api_request_duration_seconds_count', 'api="commercetools"'),
    );
    return (await Promise.all(each)).reduce((sum, count) => sum + count, 0);
  };
  const ready = await shoppers.ready(OPENINGS);
  const before = await calls();
  for (const shopper of ready) await shoppers.open(shopper, anyPod(world).url);
  return ((await calls()) - before) / OPENINGS;
}
