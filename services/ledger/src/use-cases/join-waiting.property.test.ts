import type { Payment } from '@commercetools/platform-sdk';
import type { PaymentLife, Truth } from '@connector/testing';
import { FakeStripe } from '@connector/testing/fakes';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { history } from '../testing/histories.ts';
import { type Beginning, begin, commercetoolsWith, dependenciesOf, eventsOf } from '../testing/ledger-run.ts';
import { memory } from '../testing/memory.ts';
import { recordPaymentEvent } from './record-payment-event.ts';

/** Cases per property; more with PROPERTY_RUNS, one case again with PROPERTY_SEED. A failure prints its seed and the smallest case. */
const numRuns = Number(process.env.PROPERTY_RUNS ?? 300);
const timeout = 60_000 + numRuns * 500;
const beginning = fc.constantFrom<Beginning>('opened-by-intent', 'unknown', 'opened-by-the-original');

interface Crash {
  /** The process dies at this call, counted from 0, before the call has an effect or after it. */
  readonly atCall: number;
  readonly moment: 'before' | 'after';
  /** How many messages that were handled already come again, as their offsets were not committed. */
  readonly again: number;
}

interface Outage {
  readonly joins: boolean;
  readonly crash?: Crash;
  readonly withInteractions: boolean;
}

class Died extends Error {}

/** All events of a life wait when a ledger starts. Answers what commercetools shows in the end, what each event came to, and the calls. */
async function drained(life: PaymentLife, before: Payment | undefined, { joins, crash, withInteractions }: Outage) {
  const commercetools = commercetoolsWith(before);
  const stripe = new FakeStripe().show(life.truths.at(-1) as Truth);
  const ledger = dependenciesOf(commercetools, stripe);
  ledger.interactionType = () => (withInteractions ? 'interaction' : undefined);
  const events = eventsOf(life, before).map(({ event }) => event);
  let calls = 0;
  commercetools.gate = async (_call, moment) => {
    if (moment === 'before') calls += 1;
    if (crash?.moment === moment && crash.atCall === calls - 1) throw new Died();
  };
  const outcomes = new Map<number, string>();
  for (let at = 0; at < events.length; ) {
    const event = events[at];
    if (!event) break;
    const behind = joins ? events.slice(at + 1) : [];
    try {
      const { kind } = await recordPaymentEvent(ledger, event, undefined, () => behind);
      // An event that comes again may find the payment that a later one has created.
      if (!outcomes.has(at)) outcomes.set(at, kind);
      at += 1;
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      ledger.known = memory();
      // What came to nothing is no call of the next life.
      calls += 1_000;
      at = Math.max(0, at - (crash?.again ?? 0));
    }
  }
  return {
    shown: [...commercetools.stored.values()].map(content),
    outcomes: [...outcomes],
    calls,
    writes: commercetools.writes,
  };
}

/** All that an update can change, without ids and versions. */
const content = ({ interfaceId, amountPlanned, paymentMethodInfo, transactions, interfaceInteractions }: Payment) => ({
  interfaceId,
  planned: amountPlanned.centAmount,
  method: paymentMethodInfo.method,
  transactions: transactions.map(({ type, state, amount, interactionId, timestamp }) => ({
    ...{ type, state, interactionId, timestamp },
    amount: amount.centAmount,
  })),
  records: interfaceInteractions.map(({ fields }) => fields?.interactionId),
});

it(
  'events that are written together end in the same payment as one by one, each with its result, in no more calls',
  { timeout },
  () =>
    fc.assert(
      fc.asyncProperty(history, beginning, fc.boolean(), async (lived, from, withInteractions) => {
        const { life, before } = begin(lived, from);
        const alone = await drained(life, before, { joins: false, withInteractions });
        const joined = await drained(life, before, { joins: true, withInteractions });
        expect(joined.shown).toEqual(alone.shown);
        expect(joined.outcomes).toEqual(alone.outcomes);
        expect(joined.calls).toBeLessThanOrEqual(alone.calls);
      }),
      { numRuns },
    ),
);

it('ends in the same payment when the process dies at any of its calls, before or after the effect', { timeout }, () =>
  fc.assert(
    fc.asyncProperty(history, beginning, fc.nat(3), fc.boolean(), async (lived, from, again, withInteractions) => {
      const { life, before } = begin(lived, from);
      const { shown, calls, outcomes } = await drained(life, before, { joins: true, withInteractions });
      for (let atCall = 0; atCall < calls; atCall += 1) {
        for (const moment of ['before', 'after'] as const) {
          const crash = { atCall, moment, again };
          const died = await drained(life, before, { joins: true, withInteractions, crash });
          expect(died.shown).toEqual(shown);
          expect(died.outcomes).toEqual(outcomes);
        }
      }
    }),
    { numRuns: Math.ceil(numRuns / 10) },
  ),
);
