import { randomOf } from '@connector/load-tests/random';
import { readUnitCosts, type UnitCosts } from '@connector/load-tests/unit-costs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSUMPTIONS, ceilings, DEFAULTS, needFor, PUBLISHED } from './capacity.ts';
import { Clock, Gate, Station } from './queueing.ts';
import { type Scenario, simulate } from './simulation.ts';

const costs: UnitCosts = {
  measured: 'for this test',
  webhook: { cpuMs: 0.2, rssMb: 100 },
  open: { intentCpuMs: 3, sessionAuthCpuMs: 0.5 },
  confirm: { intentCpuMs: 3, sessionAuthCpuMs: 0.5, intentRssMb: 100 },
  sessionAuth: { hitCpuMs: 0.1, missCpuMs: 1, rssMb: 100 },
  payment: {
    cpuMs: { intent: 10, sessionAuth: 2, webhookIngest: 1, ledger: 5 },
    commercetoolsCalls: 9,
    ledgerCommercetoolsCalls: 2,
    stripeCalls: 3,
    webhooks: 2,
    ledgerEvents: 4,
  },
  ledger: { cpuMsPerEvent: 1, callsPerEvent: 1, peakRssMb: 200, eventsPerSecond: 500, concurrency: 32, latencyMs: 50 },
};
const UNLIMITED = { stripePerSecond: undefined, stripePerEndpoint: undefined, commercetoolsPerSecond: undefined };

describe('the capacity model', () => {
  it('lists what a payment rate needs of everything', () => {
    const need = needFor(100, costs);
    // 100/s × 10 ms = 1 core of work; at 60 % that is two pods.
    expect(need.deployment.pods).toEqual({ intent: 2, sessionAuth: 2, webhookIngest: 2, ledger: 2 });
    expect(need).toMatchObject({
      stripePerSecond: 300,
      stripePerEndpoint: 100,
      commercetoolsPerSecond: 900,
      records: 400,
    });
    expect(needFor(1_000, costs).deployment.pods).toEqual({ intent: 17, sessionAuth: 4, webhookIngest: 2, ledger: 9 });
  });

  it('lets the ledger wait for commercetools when that is slower than its processor', () => {
    const slow = { ...ASSUMPTIONS, commercetoolsMs: 500 };
    // 1,000/s × 2 calls × 0.5 s = 1,000 calls at once; 32 for each pod, used to 60 %.
    expect(needFor(1_000, costs, slow).deployment.pods.ledger).toBe(53);
  });

  it('names what breaks first: an endpoint of Stripe, long before a pod', () => {
    const [first, second] = ceilings(costs, DEFAULTS, PUBLISHED);
    expect(first).toEqual({ what: 'Stripe: 25 calls a second of one endpoint', perSecond: 25 });
    expect(second?.what).toContain('of the account');
    expect(second?.perSecond).toBeCloseTo(100 / 3);
  });

  it('does not count ledger pods beyond the partitions', () => {
    const of = (ledger: number) =>
      ceilings(costs, { ...DEFAULTS, pods: { ...DEFAULTS.pods, ledger } }, UNLIMITED).filter(({ what }) =>
        what.startsWith('ledger'),
      );
    expect(of(24).map(({ perSecond }) => perSecond)).toEqual(of(12).map(({ perSecond }) => perSecond));
  });

  it('plans a deployment that carries the rate, whatever the rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (perSecond) => {
        const { deployment } = needFor(perSecond, costs);
        expect(ceilings(costs, deployment, UNLIMITED)[0]?.perSecond).toBeGreaterThanOrEqual(perSecond);
      }),
    );
  });

  it('can read the committed costs', async () => {
    expect((await readUnitCosts()).payment.stripeCalls).toBeGreaterThan(0);
  });
});

describe('the clock', () => {
  it('runs events in the order of their time, and those of the same time as they were planned', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (times) => {
        const clock = new Clock();
        const happened: [number, number][] = [];
        times.forEach((at, nth) => {
          clock.in(at, () => happened.push([at, nth]));
        });
        clock.run(15);
        const expected = times
          .map((at, nth): [number, number] => [at, nth])
          .filter(([at]) => at <= 15)
          .sort(([a, n], [b, m]) => a - b || n - m);
        expect(happened).toEqual(expected);
      }),
    );
  });
});

describe('a station', () => {
  it.each([1, 2, 5])('with %s servers makes work wait as Erlang predicts', (servers) => {
    const [load, meanMs] = [0.7, 10];
    const clock = new Clock();
    const station = new Station(clock, servers);
    const random = randomOf(3, servers);
    const exponential = (mean: number) => -mean * Math.log(1 - random.next());
    const waits: number[] = [];
    const arrive = () => {
      const service = exponential(meanMs);
      const from = clock.now;
      station.serve(service, () => waits.push(clock.now - from - service));
      clock.in(exponential(meanMs / (servers * load)), arrive);
    };
    clock.in(0, arrive);
    clock.run(3_000_000);
    const offered = servers * load;
    let [term, sum] = [1, 1];
    for (let k = 1; k < servers; k += 1) {
      term *= offered / k;
      sum += term;
    }
    const last = (term * offered) / servers / (1 - load);
    const expected = ((last / (sum + last)) * meanMs) / (servers * (1 - load));
    const mean = waits.reduce((total, wait) => total + wait, 0) / waits.length;
    expect(mean / expected).toBeGreaterThan(0.93);
    expect(mean / expected).toBeLessThan(1.07);
    expect(station.utilisation(3_000_000)).toBeCloseTo(load, 1);
  });
});

describe('a gate', () => {
  it("lets a second's calls through at once, and the others at its rate", () => {
    const clock = new Clock();
    const gate = new Gate(clock, 10);
    const passed: number[] = [];
    clock.in(5_000, () => {
      for (let call = 0; call < 30; call += 1) gate.pass(() => passed.push(clock.now));
    });
    clock.run(20_000);
    expect(passed.filter((at) => at === 5_000)).toHaveLength(11);
    expect(passed.at(-1)).toBeCloseTo(6_900);
  });
});

describe('a simulation', () => {
  const scenario = (perSecond: number, more: Partial<Scenario> = {}): Scenario => ({
    perSecond,
    seconds: 60,
    seed: 1,
    deployment: needFor(perSecond, costs).deployment,
    limits: UNLIMITED,
    assumptions: ASSUMPTIONS,
    ...more,
  });

  it('repeats a seed, and differs for another', () => {
    expect(simulate(costs, scenario(20))).toEqual(simulate(costs, scenario(20)));
    expect(simulate(costs, scenario(20, { seed: 2 }))).not.toEqual(simulate(costs, scenario(20)));
  });

  it('carries the rate that the model plans for: no queue grows, and pods are as busy as planned', () => {
    const { open, utilisation, eventsWaiting, opensWaiting } = simulate(costs, scenario(1_000, { seconds: 20 }));
    expect(open.p99).toBeLessThan(300);
    expect(utilisation.intent).toBeGreaterThan(0.5);
    expect(utilisation.intent).toBeLessThan(0.65);
    expect(utilisation.ledger).toBeGreaterThan(0.5);
    expect(utilisation.ledger).toBeLessThan(0.65);
    // What is on its way at any moment: some 150 ms of it.
    expect(opensWaiting).toBeLessThan(400);
    expect(eventsWaiting).toBeLessThan(1_000);
  });

  it('keeps the ledger as busy as planned when few confirmations publish an event of their own', () => {
    const few = { ...costs, payment: { ...costs.payment, ledgerEvents: 3.2 } };
    const { utilisation } = simulate(few, scenario(1_000, { seconds: 20 }));
    expect(utilisation.ledger).toBeGreaterThan(0.5);
    expect(utilisation.ledger).toBeLessThan(0.65);
    expect(needFor(100, few).records).toBeCloseTo(320);
  });

  it('opens no more payments than the account has calls for, over all endpoints', () => {
    const customers = { ...costs, payment: { ...costs.payment, stripeCalls: 7 } };
    const { opensWaiting, payments } = simulate(customers, scenario(100, { limits: PUBLISHED }));
    expect(payments - opensWaiting).toBeLessThan((100 / 7) * 62 + 25);
  });

  it('grows a queue behind a limit, at the rate by which the limit is exceeded', () => {
    const { opensWaiting, payments } = simulate(costs, scenario(100, { limits: PUBLISHED }));
    // The account's 100 calls a second are shared by what opens and what confirms.
    expect(opensWaiting).toBeGreaterThan(payments - 25 * 62);
    expect(opensWaiting).toBeLessThan(payments);
  });

  it('grows a queue in the ledger when there are too few pods', () => {
    const { deployment } = needFor(1_000, costs);
    const small = { ...deployment, pods: { ...deployment.pods, ledger: 2 } };
    const { eventsWaiting, utilisation } = simulate(costs, scenario(1_000, { seconds: 20, deployment: small }));
    expect(utilisation.ledger).toBeGreaterThan(0.97);
    expect(eventsWaiting).toBeGreaterThan(10_000);
  });
});
