import { type EventRecord, PAYMENT_EVENTS, STRIPE_EVENT_TYPES } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import { FakeStripe } from '@connector/testing/fakes';
import type Stripe from 'stripe';
import { beforeEach, describe, expect, it } from 'vitest';
import { stripeEvents } from '../adapters/stripe-events.ts';
import type { Checkpoint } from '../domain/checkpoint.ts';
import type { ReconcileRequest } from '../domain/reconcile-request.ts';
import { paymentIntentSucceeded } from '../testing/stripe-events.ts';
import { type ReconcileOptions, type Reconciliation, reconcile } from './reconcile.ts';

const NOW = 1_790_000_000;
const OPTIONS: ReconcileOptions = {
  since: undefined,
  until: NOW,
  types: STRIPE_EVENT_TYPES,
  undeliveredOnly: false,
  dryRun: false,
  acceptGap: false,
};

let stripe: FakeStripe;
let sent: { topic: string; record: EventRecord }[];
let stored: Map<string, Checkpoint>;
let asked: Map<string, ReconcileRequest>;
let completed: { key: string; since: number; until: number }[];
let refuse: (record: EventRecord) => Error | undefined;

beforeEach(() => {
  stripe = new FakeStripe();
  sent = [];
  stored = new Map();
  asked = new Map();
  completed = [];
  refuse = () => undefined;
});

const run = (options: Partial<ReconcileOptions> = {}, deps: Partial<Reconciliation> = {}) =>
  reconcile(
    {
      listEvents: stripeEvents(stripe),
      producer: {
        send: async (topic, record) => {
          const error = refuse(record);
          if (error) throw error;
          sent.push({ topic, record });
        },
      },
      checkpoints: {
        read: async (key) => stored.get(key),
        write: async (key, checkpoint) => void stored.set(key, checkpoint),
      },
      requests: {
        open: async () => [...asked.values()],
        replace: async (request) => void asked.set(request.key, request),
        complete: async ({ key }, window) => {
          asked.delete(key);
          completed.push({ key, ...window });
        },
      },
      ours: { livemode: false, projectKey: 'shop' },
      accountId: 'acct_1',
      pause: async () => {},
      now: () => new Date(NOW * 1000),
      ...deps,
    },
    { ...OPTIONS, ...options },
  );

const event = (id: string, changes: Record<string, unknown> = {}, object: Record<string, unknown> = {}) =>
  paymentIntentSucceeded({ id, created: NOW - 100, pending_webhooks: 0, ...changes }, object);

/** Stripe's events, in this order. */
function happened(...events: Record<string, unknown>[]): void {
  for (const one of events) stripe.events.set(String(one.id), one as unknown as Stripe.Event);
}
/** Fifty events at a fixed interval, each on a page of its own. */
function fiftySince(created: number, every = 1): void {
  stripe.maxPage = 1;
  happened(...Array.from({ length: 50 }, (_, index) => event(`evt_${index}`, { created: created + index * every })));
}

describe('reconciliation', () => {
  it('produces the events as the webhook does: key, event id and source are the same', async () => {
    happened(
      event('evt_1'),
      event('evt_2', { type: 'charge.refunded' }, { id: 'ch_1', object: 'charge', payment_intent: 'pi_7' }),
    );
    const summary = await run();
    expect(sent.map(({ topic, record: { key, headers } }) => [topic, key, headers.ce_id, headers.ce_source])).toEqual([
      [PAYMENT_EVENTS, 'pi_1', 'evt_1', '/stripe/acct_1'],
      [PAYMENT_EVENTS, 'pi_7', 'evt_2', '/stripe/acct_1'],
    ]);
    expect(JSON.parse(String(sent[0]?.record.value))).toEqual(event('evt_1'));
    expect(summary).toMatchObject({
      listed: 2,
      produced: 2,
      byType: { 'payment_intent.succeeded': 1, 'charge.refunded': 1 },
      complete: true,
    });
  });

  it('ignores what the webhook ignores', async () => {
    happened(event('evt_1', { livemode: true }), event('evt_2', {}, { metadata: { ct_project_key: 'other' } }));
    expect(await run()).toMatchObject({ listed: 2, ignored: 2, produced: 0, complete: true });
    expect(sent).toEqual([]);
  });

  it('counts events that Stripe has not delivered', async () => {
    happened(event('evt_1', { pending_webhooks: 1 }), event('evt_2'));
    expect(await run()).toMatchObject({ listed: 2, undelivered: 1 });
  });

  it('begins 3 days ago at first, then a little before its checkpoint', async () => {
    expect(await run()).toMatchObject({ since: NOW - 3 * 86_400, until: NOW });
    expect(await run({ until: NOW + 1000 })).toMatchObject({ since: NOW - 600, until: NOW + 1000 });
    expect(stored.get('reconcile:acct_1')).toMatchObject({ until: NOW + 1000 });
  });

  it('keeps a checkpoint of its own for undelivered events', async () => {
    happened(event('evt_1'), event('evt_2'));
    stripe.undelivered.add('evt_2');
    await run({ undeliveredOnly: true });
    expect([...stored.keys()]).toEqual(['reconcile:acct_1:undelivered']);
    expect(sent.map(({ record }) => record.headers.ce_id)).toEqual(['evt_2']);
  });

  it.each([
    ['is a dry run', { dryRun: true }],
    ['lists some types only', { types: ['charge.refunded'] as const }],
    ['would leave a gap', { since: NOW - 500 }],
    ['ends before it', { since: NOW - 5000, until: NOW - 4000 }],
  ])('leaves the checkpoint alone when it %s', async (_rule, options) => {
    stored.set('reconcile:acct_1', { until: NOW - 1000 });
    expect(await run(options)).toMatchObject({ checkpoint: 'unchanged', complete: true });
    expect(stored.get('reconcile:acct_1')).toEqual({ until: NOW - 1000 });
  });

  it('produces nothing in a dry run, and counts what it would produce', async () => {
    happened(event('evt_1'), event('evt_2'));
    expect(await run({ dryRun: true })).toMatchObject({ listed: 2, produced: 2 });
    expect(sent).toEqual([]);
  });

  it('sends again after a transient failure of Kafka', async () => {
    happened(event('evt_1'), event('evt_2'));
    let failures = 3;
    refuse = ({ headers }) => (headers.ce_id === 'evt_1' && failures-- > 0 ? new TransientError('down') : undefined);
    expect(await run()).toMatchObject({ produced: 2, complete: true });
    expect(sent.map(({ record }) => record.headers.ce_id)).toEqual(['evt_2', 'evt_1']);
  });

  it('fails and stores no checkpoint when Kafka stays down', async () => {
    happened(event('evt_1'));
    refuse = () => new TransientError('down');
    await expect(run()).rejects.toThrow(TransientError);
    expect(stored.size).toBe(0);
  });

  it.each([
    ['is larger than the topic takes', event('evt_1'), new PermanentError('too large', { reason: 'too_large' })],
    ['cannot be read', event('evt_1', { data: {} }), undefined],
  ])('continues after an event that %s, but is incomplete', async (_rule, bad, error) => {
    happened(bad, event('evt_2'));
    refuse = ({ headers }) => (headers.ce_id === 'evt_1' ? error : undefined);
    expect(await run()).toMatchObject({ produced: 1, failed: 1, checkpoint: 'failed', complete: false });
    expect(stored.size).toBe(0);
  });

  it('stores checkpoints while it reads a long list', async () => {
    fiftySince(NOW - 1000);
    refuse = ({ headers }) => (headers.ce_id === 'evt_45' ? new Error('killed') : undefined);
    await expect(run()).rejects.toThrow('killed');
    expect(stored.get('reconcile:acct_1')).toEqual({ until: NOW - 1000 + 39 });
  });

  it('loses no event of any type when it is interrupted, although one list has at most 20 types', async () => {
    fiftySince(NOW - 9_000, 100);
    happened(event('evt_review', { type: 'review.opened', created: NOW - 8_990 }, { id: 'prv_1', object: 'review' }));
    refuse = ({ headers }) => (headers.ce_id === 'evt_45' ? new Error('killed') : undefined);
    await expect(run()).rejects.toThrow('killed');
    refuse = () => undefined;
    expect(await run()).toMatchObject({ since: expect.toSatisfy((since: number) => since > NOW - 8_000) });
    const produced = new Set(sent.map(({ record }) => record.headers.ce_id));
    expect([...stripe.events.keys()].filter((id) => !produced.has(id))).toEqual([]);
  });

  describe('after more than 30 days without a run', () => {
    const DAY = 86_400;
    const late = { until: NOW - 40 * DAY };

    it('is incomplete, reports which events Stripe no longer lists, and reports them again at the next run', async () => {
      stored.set('reconcile:acct_1', late);
      happened(event('evt_1'));
      const missed = { from: NOW - 40 * DAY - 600, to: NOW - 30 * DAY };
      expect(await run()).toMatchObject({ produced: 1, missed, checkpoint: 'stored', complete: false });
      expect(stored.get('reconcile:acct_1')).toEqual({ until: NOW, missed });
      expect(await run({ until: NOW + 3600 })).toMatchObject({ missed, complete: false });
    });

    it('keeps the gap in a checkpoint stored during a run, for the run that continues', async () => {
      stored.set('reconcile:acct_1', late);
      fiftySince(NOW - 1000);
      refuse = ({ headers }) => (headers.ce_id === 'evt_45' ? new Error('killed') : undefined);
      await expect(run()).rejects.toThrow('killed');
      refuse = () => undefined;
      expect(await run()).toMatchObject({ missed: { from: NOW - 40 * DAY - 600 }, complete: false });
    });

    it('is complete when the gap is accepted, and forgets it', async () => {
      stored.set('reconcile:acct_1', late);
      await run();
      expect(await run({ acceptGap: true })).toMatchObject({ checkpoint: 'stored', complete: true });
      expect(await run()).toMatchObject({ complete: true });
      expect(stored.get('reconcile:acct_1')).not.toHaveProperty('missed');
    });

    it.each([
      ['29 days', 29 * DAY, true],
      ['exactly 30 days', 30 * DAY, true],
      ['31 days', 31 * DAY, false],
    ])('since %s ago is complete = %s', async (_what, ago, complete) => {
      expect(await run({ since: NOW - ago })).toMatchObject({ complete });
      stored.set('reconcile:acct_1', { until: NOW - ago });
      expect(await run()).toMatchObject({ complete });
    });
  });

  it('ends incomplete after the current page when it is stopped', async () => {
    stripe.maxPage = 1;
    happened(event('evt_1'), event('evt_2'));
    const interrupted = new AbortController();
    const summary = await run({}, { signal: interrupted.signal, onProgress: () => interrupted.abort() });
    expect(summary).toMatchObject({ listed: 1, produced: 1, complete: false });
    expect(stored.size).toBe(0);
  });
});

describe('a request of the ledger, because records were deleted before it had handled them', () => {
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  const ask = (key: string, since: number | undefined, until = NOW - 100) => {
    const data = {
      reason: 'records_deleted' as const,
      topic: PAYMENT_EVENTS,
      partition: 3,
      fromOffset: '10',
      toOffset: '90',
      until: iso(until),
      ...(since !== undefined && { since: iso(since) }),
    };
    asked.set(key, { key, data });
  };
  beforeEach(() => {
    stored.set('reconcile:acct_1', { until: NOW - 3600 });
  });

  it('is completed by the next run, which lists from a little before', async () => {
    ask('a', NOW - 5 * 86_400);
    ask('b', NOW - 2 * 86_400);
    happened(event('evt_1'));
    const since = NOW - 5 * 86_400 - 600;
    expect(await run()).toMatchObject({ since, produced: 1, requests: 2, checkpoint: 'stored', complete: true });
    expect(completed).toEqual(['a', 'b'].map((key) => ({ key, since, until: NOW })));
    expect(await run({ until: NOW + 60 })).toMatchObject({ since: NOW - 600 });
  });

  it('means everything that Stripe lists, if it has no begin', async () => {
    ask('a', undefined);
    expect(await run()).toMatchObject({ since: NOW - 30 * 86_400, requests: 1, complete: true });
  });

  it('stays open when Stripe no longer lists all of it, until somebody accepts the gap', async () => {
    ask('a', NOW - 40 * 86_400);
    expect(await run()).toMatchObject({ requests: 0, complete: false, missed: { to: NOW - 30 * 86_400 } });
    // The schedule itself left no gap.
    expect(stored.get('reconcile:acct_1')?.missed).toBeUndefined();
    expect(asked.size).toBe(1);
    expect(await run({ acceptGap: true })).toMatchObject({ requests: 1, complete: true });
    expect(asked.size).toBe(0);
  });

  it.each([
    ['of undelivered events', { undeliveredOnly: true }],
    ['of some types', { types: ['charge.refunded'] as const }],
    ['that begins later', { since: NOW - 500 }],
    ['that ends before the request was made', { since: NOW - 9 * 86_400, until: NOW - 3_000 }],
  ])('is not completed by a run %s', async (_rule, options) => {
    ask('a', NOW - 5 * 86_400, NOW - 2_000);
    expect(await run(options)).toMatchObject({ requests: 0 });
    expect(completed).toEqual([]);
  });

  it('is only counted by a dry run', async () => {
    ask('a', NOW - 5 * 86_400);
    expect(await run({ dryRun: true })).toMatchObject({ since: NOW - 5 * 86_400 - 600, requests: 1 });
    expect(completed).toEqual([]);
  });

  it('continues where a run was interrupted', async () => {
    ask('a', NOW - 5 * 86_400);
    fiftySince(NOW - 9_000);
    refuse = ({ headers }) => (headers.ce_id === 'evt_45' ? new Error('killed') : undefined);
    await expect(run()).rejects.toThrow('killed');
    refuse = () => undefined;
    expect(await run()).toMatchObject({ since: NOW - 9_000 + 39, requests: 1, complete: true });
  });

  it('is not completed if one of its events could not be sent', async () => {
    ask('a', NOW - 5 * 86_400);
    happened(event('evt_1', { data: {} }));
    expect(await run()).toMatchObject({ failed: 1, requests: 0 });
    expect(asked.size).toBe(1);
  });
});
