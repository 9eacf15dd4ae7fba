// `npm run simulate`: the resources that 10 to 10,000 payments a second need, what breaks first, and whether a
// simulation of that plan holds.
import { commandLine, refuseUsage } from '@connector/cli';
import { ms } from '@connector/load-tests/benchmark';
import { writeSections } from '@connector/load-tests/report';
import { table } from '@connector/load-tests/table';
import { readUnitCosts, UNIT_COSTS } from '@connector/load-tests/unit-costs';
import { ASSUMPTIONS, ceilings, DEFAULTS, needFor, PUBLISHED } from './capacity.ts';
import { simulate } from './simulation.ts';

const USAGE = `npm run simulate -- [options]
  --rates LIST        payments a second (default 10,100,1000,10000)
  --seconds N         simulated seconds of each (default 60; of the highest rates fewer, 200,000 payments at most)
  --seed N            (default 1)
  --costs FILE        unit costs as npm run bench -- --write-docs leaves them (default tests/load/unit-costs.json)
  --commercetools N   latency of a call to commercetools, in ms (default ${ASSUMPTIONS.commercetoolsMs})
  --stripe N          latency of a call to Stripe, in ms (default ${ASSUMPTIONS.stripeMs})
  --utilisation N     share of a core that a pod may be busy (default ${ASSUMPTIONS.utilisation})
  --write-docs        writes the tables into docs/capacity.md`;

const { values } = commandLine(
  {
    rates: { type: 'string', default: '10,100,1000,10000' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    costs: { type: 'string', default: UNIT_COSTS },
    commercetools: { type: 'string', default: String(ASSUMPTIONS.commercetoolsMs) },
    stripe: { type: 'string', default: String(ASSUMPTIONS.stripeMs) },
    utilisation: { type: 'string', default: String(ASSUMPTIONS.utilisation) },
    'write-docs': { type: 'boolean', default: false },
  },
  USAGE,
);
const positive = (text: string, option: string): number => {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  return refuseUsage(`--${option} must be a number above 0.`);
};
const rates = values.rates.split(',').map((text) => positive(text, 'rates'));
const assumptions = {
  ...ASSUMPTIONS,
  commercetoolsMs: positive(values.commercetools, 'commercetools'),
  stripeMs: positive(values.stripe, 'stripe'),
  utilisation: positive(values.utilisation, 'utilisation'),
};
const MOST_PAYMENTS = 200_000;
const UNLIMITED = { stripePerSecond: undefined, stripePerEndpoint: undefined, commercetoolsPerSecond: undefined };

const costs = await readUnitCosts(values.costs);
const needs = rates.map((perSecond) => needFor(perSecond, costs, assumptions));
const whole = (value: number) => Math.round(value).toLocaleString('en');
const some = (value: number) => (value < 10 ? value.toFixed(1) : whole(value));

const needed = table(
  ['payments a second', ...rates.map(whole)],
  [
    ['intent, pods', ...needs.map(({ deployment }) => deployment.pods.intent)],
    ['session-auth, pods', ...needs.map(({ deployment }) => deployment.pods.sessionAuth)],
    ['webhook-ingest, pods', ...needs.map(({ deployment }) => deployment.pods.webhookIngest)],
    ['ledger, pods', ...needs.map(({ deployment }) => deployment.pods.ledger)],
    ['partitions of payments.events', ...needs.map(({ deployment }) => deployment.partitions)],
    ['records a second into it', ...needs.map(({ records }) => some(records))],
    ['MB a second into it', ...needs.map(({ megabytes }) => megabytes.toFixed(megabytes < 10 ? 2 : 0))],
    [`GB a day on ${assumptions.replication} replicas`, ...needs.map(({ gigabytesADay }) => some(gigabytesADay))],
    ['Stripe: calls a second', ...needs.map(({ stripePerSecond }) => some(stripePerSecond))],
    ['Stripe: of the busiest endpoint', ...needs.map(({ stripePerEndpoint }) => some(stripePerEndpoint))],
    ['commercetools: calls a second', ...needs.map(({ commercetoolsPerSecond }) => some(commercetoolsPerSecond))],
  ].map((row) => row.map(String)),
);

const limits = ceilings(costs, DEFAULTS, PUBLISHED, assumptions);
const carried = table(
  ['with what is there by default', 'payments a second'],
  limits.map(({ what, perSecond }) => [what, some(perSecond)]),
);

const broken = table(
  ['payments a second', 'breaks first by default', 'then', 'with the pods above, and limits as published'],
  rates.map((perSecond, at) => {
    const names = (list: readonly { what: string; perSecond: number }[]) =>
      list.filter((each) => each.perSecond < perSecond).map((each) => `${each.what} (${some(each.perSecond)}/s)`);
    const [first = 'nothing', ...then] = names(limits);
    const { deployment } = needs[at] as (typeof needs)[number];
    const [scaled = 'nothing'] = names(ceilings(costs, deployment, PUBLISHED, assumptions));
    return [whole(perSecond), first, then.slice(0, 2).join('; '), scaled];
  }),
);

const scenario = (perSecond: number) => ({
  perSecond,
  seconds: Math.min(positive(values.seconds, 'seconds'), Math.max(5, MOST_PAYMENTS / perSecond)),
  seed: positive(values.seed, 'seed'),
  assumptions,
});
const simulated = table(
  [
    'simulated',
    'payments',
    'open p50',
    'p99',
    'event to end p50',
    'p99',
    'intent busy',
    'ledger busy',
    'openings waiting',
    'events waiting',
  ],
  rates.flatMap((perSecond, at) => {
    const { deployment } = needs[at] as (typeof needs)[number];
    const row = (what: string, { payments, open, ledger, utilisation, ...rest }: ReturnType<typeof simulate>) => [
      what,
      whole(payments),
      ms(open.p50, 0),
      ms(open.p99, 0),
      ms(ledger.p50, 0),
      ms(ledger.p99, 0),
      `${(100 * utilisation.intent).toFixed(0)} %`,
      `${(100 * utilisation.ledger).toFixed(0)} %`,
      whole(rest.opensWaiting),
      whole(rest.eventsWaiting),
    ];
    const each = scenario(perSecond);
    return [
      row(
        `${whole(perSecond)}/s, the pods above, limits raised`,
        simulate(costs, { ...each, deployment, limits: UNLIMITED }),
      ),
      row(
        `${whole(perSecond)}/s, the pods above, limits as published`,
        simulate(costs, { ...each, deployment, limits: PUBLISHED }),
      ),
    ];
  }),
);

const text = [needed, carried, broken, simulated].join('\n\n');
console.log(`${text}\n\nUnit costs: ${costs.measured}.`);
if (values['write-docs']) {
  const costsTable = table(
    ['a whole payment', ''],
    [
      [
        'processor time: intent; session-auth; webhook-ingest; ledger',
        [
          costs.payment.cpuMs.intent,
          costs.payment.cpuMs.sessionAuth,
          costs.payment.cpuMs.webhookIngest,
          costs.payment.cpuMs.ledger,
        ]
          .map((value) => ms(value))
          .join('; '),
      ],
      [
        'calls to commercetools; of the ledger',
        `${costs.payment.commercetoolsCalls}; ${costs.payment.ledgerCommercetoolsCalls}`,
      ],
      ['calls to Stripe', String(costs.payment.stripeCalls)],
      ["Stripe's webhooks; events that the ledger handles", `${costs.payment.webhooks}; ${costs.payment.ledgerEvents}`],
    ],
  );
  await writeSections('capacity.md', {
    costs: `${costsTable}\n\nMeasured ${costs.measured}.`,
    needs: needed,
    limits: `${carried}\n\n${broken}`,
    simulation: simulated,
  });
  console.error('docs/capacity.md is written');
}
