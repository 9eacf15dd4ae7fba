import { chaosTables, isClean, runChaos } from '@connector/chaos-tests';
import { expect, it } from 'vitest';

// Systems of their own: every part of them fails.

/** A payment that differs once is one too many: no second try. */
const ONCE = { retry: 0, timeout: 400_000 };

// `npm run chaos` does the same for a thousand payments, three kills of the ledger, and an outage of 20 s.
it(
  'shows in commercetools what happened at Stripe, for 100 payments of a minute in which every part fails and comes back',
  ONCE,
  async () => {
    const report = await runChaos({
      payments: 100,
      seconds: 30,
      seed: 20_261_123,
      outageMs: 8_000,
      ledgerKills: 1,
      quietWithinMs: 90_000,
    });
    console.log(chaosTables(report));
    expect(report.findings).toEqual([]);
    expect(report.cutShort).toEqual([]);
    expect(isClean(report)).toBe(true);
  },
);

// `npm run chaos -- --brokers 3 --duration 600` does the same for ten minutes, with every fault of a cluster.
it(
  'shows the same on three brokers, and every acknowledged webhook in the topic, while brokers fail and leaders move',
  ONCE,
  async () => {
    const report = await runChaos({
      brokers: 3,
      payments: 120,
      seconds: 40,
      seed: 20_261_127,
      faults: ['webhooks', 'leader-freeze', 'leaders-at-once', 'coordinator-kill', 'broker-cut'],
      quietWithinMs: 90_000,
    });
    console.log(chaosTables(report));
    expect(report.findings).toEqual([]);
    expect(report.cutShort).toEqual([]);
    expect(isClean(report)).toBe(true);
  },
);
