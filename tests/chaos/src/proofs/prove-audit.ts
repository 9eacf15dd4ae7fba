// `npm run prove:audit`: makes ten differences of each kind in a running sandbox; the audit must find all of them, name
// them right, repair what can be repaired, and change nothing else.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { inParallel, type Paid, type Payment, ProofStage, type Transaction } from './proof-stage.ts';

const { values } = parseArgs({
  options: { each: { type: 'string', default: '10' }, 'no-build': { type: 'boolean', default: false } },
});
const EACH = Number(values.each);
/**
 * The audit reads changes of the last half minute again before they count; in the audit of a whole day they are older.
 */
const AT_REST_MS = 31_000;

const stage = await ProofStage.start(!values['no-build']);
const since = new Date(Date.now() - 60_000).toISOString();

/** Deletes a payment and creates it again in an earlier state. */
async function leftAs({ payment }: Paid, transactions: readonly object[] | undefined): Promise<void> {
  const { id, version } = await stage.project<Payment>('GET', `/payments/${payment.id}`);
  await stage.project('DELETE', `/payments/${id}?version=${version}`);
  const { key, interfaceId, amountPlanned, paymentMethodInfo } = payment;
  const { centAmount, currencyCode } = amountPlanned;
  const money = { centAmount, currencyCode };
  const draft = { key, interfaceId, amountPlanned: money, paymentMethodInfo, transactions };
  if (transactions) await stage.project('POST', '/payments', draft);
}
const shown = ({ payment }: Paid, change: (transaction: Transaction) => object | undefined) =>
  payment.transactions.flatMap((transaction) => {
    const { id: _, amount, ...rest } = transaction;
    const { centAmount, currencyCode } = amount;
    const changed = change({ ...transaction, amount: { centAmount, currencyCode } });
    return changed ? [{ ...rest, amount: { centAmount, currencyCode }, ...changed }] : [];
  });
const charge = (amount: number) => (transaction: Transaction) =>
  transaction.type === 'Charge' ? { amount: { ...transaction.amount, centAmount: amount } } : {};
const added = async ({ payment }: Paid, transaction: object) => {
  const { version } = await stage.project<Payment>('GET', `/payments/${payment.id}`);
  const of = { state: 'Success', timestamp: new Date().toISOString(), ...transaction };
  const actions = [{ action: 'addTransaction', transaction: of }];
  await stage.project('POST', `/payments/${payment.id}`, { version, actions });
};
const euros = (centAmount: number) => ({ amount: { centAmount, currencyCode: 'EUR' } });
const refunded = ({ paymentIntentId }: Paid) =>
  stage.stripe<{ id: string }>('refunds', { payment_intent: paymentIntentId, amount: '1000' });

/** For each kind: the change to a paid checkout, and the audit's expected finding. */
const KINDS: readonly {
  readonly what: string;
  readonly found: string;
  readonly isRepaired: boolean;
  readonly make: (paid: Paid) => Promise<unknown>;
}[] = [
  {
    what: 'the Charge was removed',
    found: 'missing_here Charge',
    isRepaired: true,
    make: (paid) =>
      leftAs(
        paid,
        shown(paid, ({ type }) => (type === 'Charge' ? undefined : {})),
      ),
  },
  {
    what: 'the payment was removed',
    found: 'payment_missing Charge',
    isRepaired: true,
    make: (paid) => leftAs(paid, undefined),
  },
  {
    what: 'the Charge is over less',
    found: 'other_amount Charge',
    isRepaired: true,
    make: (paid) => leftAs(paid, shown(paid, charge(4_000))),
  },
  {
    what: 'the Charge is over more',
    found: 'other_amount Charge',
    isRepaired: false,
    make: (paid) => leftAs(paid, shown(paid, charge(5_999))),
  },
  {
    what: 'the Charge is there twice',
    found: 'doubled Charge',
    isRepaired: false,
    make: (paid) => added(paid, { type: 'Charge', interactionId: paid.paymentIntentId, ...euros(4_999) }),
  },
  {
    what: 'a Refund was made up',
    found: 'missing_there Refund',
    isRepaired: false,
    make: (paid) =>
      added(paid, { type: 'Refund', interactionId: `re_invented${paid.cartId.slice(0, 8)}`, ...euros(500) }),
  },
  { what: 'refunded, its events gone', found: 'missing_here Refund', isRepaired: true, make: refunded },
  {
    what: 'refunded, and shown as failed',
    found: 'other_state Refund',
    isRepaired: true,
    make: async (paid) =>
      added(paid, { type: 'Refund', state: 'Failure', interactionId: (await refunded(paid)).id, ...euros(1_000) }),
  },
  {
    what: 'charged back, its events gone',
    found: 'missing_here Chargeback',
    isRepaired: true,
    make: ({ paymentIntentId }) => stage.control('POST', 'stripe/disputes', { payment_intent: paymentIntentId }),
  },
];

/** A charge of another integration on the same account. */
async function foreign(): Promise<void> {
  const params = {
    amount: '2500',
    currency: 'eur',
    'automatic_payment_methods[enabled]': 'true',
    'metadata[shop]': 'x',
  };
  const { id } = await stage.stripe<{ id: string }>('payment_intents', params);
  await stage.shop.pay(id, { card: '4242424242424242' });
}

interface Report {
  readonly foreign: number;
  readonly payments: number;
  readonly differences: readonly { kind: string; type: string; paymentIntentId: string; repaired: boolean }[];
}
async function audited(...args: string[]): Promise<Report & { code: number | null }> {
  const window = ['--since', since, '--until', '0d', '--from-start', '--json', ...args];
  const { code, out, told } = await stage.command('audit', window);
  if (out === '') throw new Error(`audit said nothing: ${told}`);
  return { code, ...(JSON.parse(out) as Report) };
}
const told = ({ differences }: Report) =>
  differences.map(({ kind, type, paymentIntentId }) => `${paymentIntentId} ${kind} ${type}`).toSorted();
const expected = (made: Map<string, (typeof KINDS)[number]>, which = (_kind: (typeof KINDS)[number]) => true) =>
  [...made].flatMap(([id, kind]) => (which(kind) ? [`${id} ${kind.found}`] : [])).toSorted();
const show = async (...args: string[]) => {
  const { out } = await stage.command('audit', ['--since', since, '--until', '0d', '--from-start', ...args]);
  console.log(`$ audit --since ${since} --until 0d ${args.join(' ')}\n${out}`);
};

try {
  const healthy = await stage.paid(EACH);
  const toChange = await stage.paid(EACH * KINDS.length);
  await inParallel(EACH, foreign);
  // Stripe books a moment later.
  const before = await stage.until(
    () => audited(),
    (report) => report.foreign === EACH,
    'the charges of another integration',
  );
  assert.deepEqual({ code: before.code, told: told(before) }, { code: 0, told: [] });
  console.log(`${before.payments} payments agree, ${before.foreign} charges of another integration are left out.`);

  // From now on no webhook arrives, as if Stripe had given up.
  await stage.control('PUT', 'stripe/webhooks', { paused: true });
  const made = new Map<string, (typeof KINDS)[number]>();
  await inParallel(toChange.length, async (index) => {
    const kind = KINDS[index % KINDS.length] as (typeof KINDS)[number];
    const paid = toChange[index] as Paid;
    await kind.make(paid);
    made.set(paid.paymentIntentId, kind);
  });
  for (const { what, found } of KINDS) console.log(`made ${EACH} times: ${what.padEnd(30)} to be found as ${found}`);
  await sleep(AT_REST_MS);

  const found = await audited();
  assert.deepEqual(told(found), expected(made), 'each difference is found, and named right');
  assert.equal(found.foreign, EACH);
  const dry = await audited('--repair', '--dry-run');
  assert.deepEqual(told(dry), expected(made), 'a dry run repairs nothing');
  const repaired = await audited('--repair');
  assert.deepEqual(
    repaired.differences.flatMap((one) => (one.repaired ? [one.paymentIntentId] : [])).toSorted(),
    [...made].flatMap(([id, kind]) => (kind.isRepaired ? [id] : [])).toSorted(),
    'what can be repaired is',
  );
  const left = expected(made, ({ isRepaired }) => !isRepaired);
  await stage.until(
    () => audited(),
    (report) => told(report).join() === left.join(),
    'the repair by the ledger',
  );
  for (const { payment } of healthy) {
    const now = await stage.project<Payment>('GET', `/payments/${payment.id}`);
    assert.equal(now.version, payment.version, `${payment.id} was touched`);
  }
  await show();
  console.log(
    `All ${made.size} found and named right, ${made.size - left.length} repaired, ${left.length} left to people, ${healthy.length} healthy ones untouched.`,
  );
} finally {
  await stage.stop();
}
