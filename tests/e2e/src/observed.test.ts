import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DASHBOARDS, filled, isAlert, RULE_FILES } from '@connector/monitoring';
import {
  INSTALLATION,
  PINNED_NODE,
  REPOSITORY,
  type Sandbox,
  type StoredSpan,
  startSandbox,
  treeOf,
} from '@connector/sandbox';
import { DEFINITIONS, type MetricDefinition } from '@connector/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prometheus } from './prometheus.ts';
import { type Checkout, hasCharge, paymentIntentOf, range, Shopper } from './shopper.ts';
import { deliver } from './stripe-webhook.ts';

/** The rules' time runs this many times as fast: five minutes are less than two seconds. */
const TIME_FACTOR = 180;
const SCRAPE_MS = 400;
/** How long an alert may take to fire; the slowest waits for 40 minutes of its time. */
const FIRES_WITHIN_MS = 45_000;

// A system of its own, with Prometheus: alerts look at all that happens in it, and Kafka is gone at the end.

let sandbox: Sandbox;
let shopper: Shopper;
let prometheus: Prometheus;
let traffic: { stop(): Promise<void> } | undefined;

beforeAll(async () => {
  sandbox = await startSandbox({
    port: 0,
    observe: { timeFactor: TIME_FACTOR, scrapeIntervalMs: SCRAPE_MS },
    // As often as Prometheus looks.
    serviceEnv: { ledger: { LEDGER_STATUS_INTERVAL_MS: '250' } },
  });
  shopper = new Shopper(sandbox.url);
  prometheus = new Prometheus(sandbox.observed?.prometheusUrl ?? '');
});
afterAll(() => sandbox?.stop());

const unixTime = () => Date.now() / 1000;

/** Opens, pays and confirms; answers the payment's id. */
async function pay(given?: Checkout, by: { card?: string; iban?: string } = {}): Promise<string> {
  const checkout = given ?? (await shopper.checkout());
  const open = await shopper.open(checkout);
  await shopper.call('POST', `/_sandbox/stripe/payment_intents/${paymentIntentOf(open.sClientSecret)}/pay`, {
    body: by,
  });
  await shopper.confirm(checkout, open);
  return open.paymentReference;
}

/** Lets the command look at a bank debit that takes its time; the ledger, once restarted, tells what it found. */
async function reconcilePending(): Promise<void> {
  await shopper.call('PUT', '/_sandbox/stripe/settings', { body: { settleDelayMs: 3_600_000 } });
  const debit = await pay(undefined, { iban: 'DE89370400440532013000' });
  await shopper.until(debit, ({ transactions }) => transactions.some(({ state }) => state === 'Pending'));
  // Younger ones are left to the webhooks.
  await sleep(1_500);
  const command = join(REPOSITORY, 'services/ledger/dist/commands/reconcile-pending.js');
  const env = { ...process.env, ...sandbox.env };
  await promisify(execFile)(PINNED_NODE, [command, '--older-than', '1s', '--since', 'never'], { env });
  await sandbox.stopService('ledger');
  await sandbox.startService('ledger');
}

/** Does `work` again and again, `perSecond` times, whether or not the last has ended; failures are what is being tested. */
function steadily(perSecond: number, work: (turn: number) => Promise<unknown>): { stop(): Promise<void> } {
  const running = new Set<Promise<unknown>>();
  let turn = 0;
  const timer = setInterval(() => {
    const one: Promise<unknown> = work(turn++)
      .catch(() => {})
      .finally(() => running.delete(one));
    running.add(one);
  }, 1000 / perSecond);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}

const healed = async () => {
  await shopper.commercetoolsFaults([]);
  await shopper.stripeFaults([]);
};

const RETRIES = 'stripe_connector_api_retries_total{';

/** Lets a call of the ledger's to Stripe, and one of session-auth's to commercetools, be made twice: so that this is counted, too. */
async function callAgain(): Promise<void> {
  const paid = await shopper.until(await pay(), hasCharge);
  const event = await eventOfAPayment(paid.interfaceId ?? '');
  await shopper.stripeFaults([{ match: '^GET /v1/payment_intents', status: 500, times: 1 }]);
  const { object } = event.data as { object: Record<string, unknown> };
  // What may have moved on is read from Stripe.
  const processing = { type: 'payment_intent.processing', data: { object: { ...object, status: 'processing' } } };
  await deliver(sandbox, again(event, processing));
  await shopper.commercetoolsFaults([{ match: '^GET /[^/]+/sessions/', reset: true, times: 1 }]);
  await shopper.open(await shopper.checkout());
  for (const service of ['ledger', 'session-auth'] as const) {
    const deadline = Date.now() + 15_000;
    const counted = async () => (await (await fetch(`${sandbox.adminUrls[service]}/metrics`)).text()).includes(RETRIES);
    while (!(await counted()) && Date.now() < deadline) await sleep(100);
  }
  await healed();
}

/** Asks Stripe as the merchant does. */
async function stripeApi(path: string, params?: Record<string, string>): Promise<Record<string, unknown>> {
  const { STRIPE_SECRET_KEY, STRIPE_API_BASE } = sandbox.env;
  const answer = await fetch(`${STRIPE_API_BASE}/v1/${path}`, {
    headers: { authorization: `Bearer ${STRIPE_SECRET_KEY}` },
    ...(params && { method: 'POST', body: new URLSearchParams(params) }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

async function eventOf(type: string, isIt: (object: Record<string, unknown>) => boolean) {
  const { data } = await stripeApi(`events?type=${type}&limit=100`);
  const event = (data as { data: { object: Record<string, unknown> } }[]).find((each) => isIt(each.data.object));
  if (!event) throw new Error(`Stripe has no such event of type ${type}`);
  return event as unknown as Record<string, unknown>;
}

/** An event of Stripe about a payment that was paid: the same facts under another id. */
const eventOfAPayment = (paymentIntent: string) =>
  eventOf('payment_intent.succeeded', ({ id }) => id === paymentIntent);

/** One about a refund, which may fail later: the ledger looks at the payment, and records the event, each time it is told. */
async function eventOfARefund(): Promise<Record<string, unknown>> {
  const paymentId = await pay();
  const { interfaceId: paymentIntent = '' } = await shopper.until(paymentId, hasCharge);
  await stripeApi('refunds', { payment_intent: paymentIntent, amount: '100' });
  await shopper.until(paymentId, ({ transactions }) => transactions.some(({ type }) => type === 'Refund'));
  return eventOf('refund.created', ({ payment_intent: of }) => of === paymentIntent);
}
const again = (event: Record<string, unknown>, change: Record<string, unknown> = {}) => ({
  ...event,
  id: `evt_${randomUUID().replaceAll('-', '')}`,
  ...change,
});

describe('the trace of a payment', () => {
  const byName = (nodes: ReturnType<typeof treeOf>) =>
    nodes.toSorted((a, b) => a.span.name.localeCompare(b.span.name, 'en'));
  /** Who caused whom: `service: name`, indented by two for each step; what was caused by the same in alphabetical order. */
  const shape = (spans: readonly StoredSpan[]): string[] => {
    const lines = (nodes: ReturnType<typeof treeOf>, depth: number): string[] =>
      byName(nodes).flatMap(({ span, children }) => [
        `${'  '.repeat(depth)}${span.service}: ${span.name}`,
        ...lines(children, depth + 1),
      ]);
    return lines(treeOf(spans), 0);
  };
  const spansOf = (traceId: string) => sandbox.observed?.traces.spansOf(traceId) ?? [];
  const traceWith = async (id: string, root: string, last: string): Promise<readonly StoredSpan[]> => {
    const traces = () => (sandbox.observed?.traces.find(id) ?? []).map(spansOf);
    // By who caused whom, not by time: a root and what it causes often begin within the same millisecond.
    const isWanted = (spans: readonly StoredSpan[]) =>
      treeOf(spans)[0]?.span.name === root && spans.some(({ name }) => name === last);
    const deadline = Date.now() + 60_000;
    let found: readonly StoredSpan[] | undefined;
    while (Date.now() < deadline) {
      const before = found?.length;
      found = traces().find(isWanted);
      // The spans of each service come in batches of their own: all are here when two looks see the same.
      if (found && found.length === before) return found;
      await sleep(1_500);
    }
    const seen = traces().map((spans) => shape(spans).join('\n'));
    throw new Error(`no trace of ${id} begins with ${root} and has ${last}, but:\n${seen.join('\n\n')}`);
  };
  /** It heard the ledger, instead of reading the payment until it showed the charge. */
  const waited = (id: string) =>
    sandbox.observed?.traces.find(id).some((each) => {
      const names = (sandbox.observed?.traces.spansOf(each) ?? []).map(({ name }) => name);
      const reads = names.filter((name) => name === 'GET payments.get');
      return names.includes('process payments.transactions') && reads.length === 0;
    });
  let paymentId: string;
  let paymentIntent: string;

  beforeAll(async () => {
    // A confirmation that finds everything recorded already, or whose pod does not listen yet, has nothing to wait for.
    await shopper.webhooks({ paused: true });
    const deadline = Date.now() + 120_000;
    do {
      paymentId = await pay();
      const { interfaceId = '' } = await shopper.until(paymentId, hasCharge);
      paymentIntent = interfaceId;
      // Its spans come in batches of each service.
      const soon = Date.now() + 10_000;
      while (!waited(paymentId) && Date.now() < soon) await sleep(250);
    } while (!waited(paymentId) && Date.now() < deadline);
    await shopper.webhooks({ paused: false });
  });

  it("runs from the browser's confirmation over Kafka to the write in commercetools, and back to the answer", async () => {
    const spans = await traceWith(paymentId, 'POST /confirmPayments/:id', 'process payments.transactions');
    // Whether session-auth is asked, and has to ask commercetools, depends on what was heard of the opening; whether the payment is read, on
    // whether the pod heard the ledger in time.
    const asked = [
      'intent: GET payments.get',
      'intent: POST verify.session',
      'session-auth: POST /verify/session',
      'session-auth: GET sessions.get',
      'session-auth: send checkout.sessions',
    ];
    expect(shape(spans).filter((line) => !asked.includes(line.trim()))).toEqual([
      'intent: POST /confirmPayments/:id',
      '  intent: GET carts.get',
      '  intent: GET payment_intents.retrieve',
      '  intent: send payments.events',
      '    ledger: process payments.events',
      '      ledger: POST payments.update',
      '      ledger: send payments.transactions',
      '        intent: process payments.transactions',
    ]);
    // The answer waits for the last of them.
    const root = spans.find(({ name }) => name === 'POST /confirmPayments/:id');
    const result = spans.find(({ name }) => name === 'process payments.transactions');
    expect(result?.startMs).toBeLessThanOrEqual((root?.endMs ?? 0) + 1);
  });

  it("runs from Stripe's webhook over Kafka to the write in commercetools", async () => {
    const spans = await traceWith(paymentIntent, 'POST /stripe/webhooks', 'send payments.transactions');
    expect(shape(spans).slice(0, 3)).toEqual([
      'webhook-ingest: POST /stripe/webhooks',
      '  webhook-ingest: send payments.events',
      '    ledger: process payments.events',
    ]);
    expect(shape(spans)).toContain('      ledger: send payments.transactions');
  });

  it('has ids to find it by, the conventions of today, and nothing of a person', async () => {
    const spans = await traceWith(paymentId, 'POST /confirmPayments/:id', 'process payments.transactions');
    const of = (service: string, name: string) =>
      spans.find((span) => span.service === service && span.name === name)?.attributes ?? {};
    expect(of('intent', 'POST /confirmPayments/:id')).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/confirmPayments/:id',
      'http.response.status_code': 200,
      'commercetools.payment.id': paymentId,
      'commercetools.cart.id': expect.any(String),
      'stripe.payment_intent.id': paymentIntent,
    });
    expect(of('ledger', 'process payments.events')).toMatchObject({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'payments.events',
      'messaging.destination.partition.id': expect.stringMatching(/^\d+$/),
      'messaging.consumer.group.name': 'ledger',
      'messaging.kafka.message.key': paymentIntent,
      'messaging.message.id': expect.any(String),
      'commercetools.payment.id': paymentId,
      'commercetools.project.key': 'sandbox',
    });
    expect(of('intent', 'GET payment_intents.retrieve')).toHaveProperty('stripe.request.id');
    const all = JSON.stringify(spans);
    for (const hidden of ['_secret_', '@', 'whsec_', 'sk_test', 'Bearer']) expect(all).not.toContain(hidden);
    const deprecated = [
      'messaging.kafka.message.offset',
      'messaging.kafka.consumer.group',
      'messaging.kafka.destination.partition',
    ];
    for (const name of deprecated) expect(all).not.toContain(`"${name}"`);
  });

  it('is shown as text, by its own id and by the payment’s', async () => {
    const shown = await shopper.call('GET', `/_sandbox/traces/${paymentId}`);
    expect(shown.status).toBe(200);
    expect(shown.text).toMatch(/└─ ledger: process payments\.events/);
    const [, traceId] = /^trace (\w+):/m.exec(shown.text) ?? [];
    expect((await shopper.call('GET', `/_sandbox/traces/${traceId}`)).text).toContain(`trace ${traceId}: `);
    expect((await shopper.call('GET', `/_sandbox/traces/${'0'.repeat(32)}`)).status).toBe(404);
  });
});

/** Something that goes wrong, and the alerts that this fires: all of them, and no others. */
interface Fault {
  readonly what: string;
  /** Answers what is to be stopped when all alerts have fired. */
  inject(): Promise<() => Promise<unknown>>;
  readonly alerts: readonly string[];
  /** What may be noticed by more than one alert, and is not always by each. */
  readonly perhaps?: readonly string[];
  /** Stays as it is to the end. */
  readonly lasts?: true;
}

async function nothingParked(): Promise<void> {
  const parked = async () => (await prometheus.now('stripe_connector_ledger_parked_keys > 0')).length > 0;
  const deadline = Date.now() + 20_000;
  while ((await parked()) && Date.now() < deadline) await sleep(SCRAPE_MS);
}

const FAULTS: readonly Fault[] = [
  {
    what: 'nobody reconciles; all else is well',
    inject: async () => async () => {},
    alerts: ['ReconciliationStale'],
    lasts: true,
  },
  {
    what: "Stripe's clock and ours are seven minutes apart: no webhook is believed",
    inject: async () => {
      await shopper.webhooks({ clockSkewMs: -420_000, retryDelaysMs: new Array(200).fill(1_000) });
      return () => shopper.webhooks({ clockSkewMs: 0 });
    },
    alerts: ['WebhookBadSignatures', 'WebhookSilence'],
  },
  {
    what: 'an event that nobody can read',
    inject: async () => {
      const paid = await shopper.payment(await pay());
      const event = await eventOfAPayment(paid.interfaceId ?? '');
      const { object } = event.data as { object: Record<string, unknown> };
      await deliver(sandbox, again(event, { data: { object: { ...object, amount: 'a lot' } } }));
      return async () => {};
    },
    alerts: ['DeadLettersPresent'],
    lasts: true,
  },
  {
    what: 'Stripe delivers events that are five minutes old',
    inject: async () => {
      const event = await eventOfARefund();
      const late = steadily(12, () => deliver(sandbox, again(event, { created: Math.floor(unixTime()) - 300 })));
      return late.stop;
    },
    alerts: ['LedgerDelayHigh', 'LedgerFreshnessBudgetBurn'],
  },
  {
    what: 'commercetools is slow to make payments',
    inject: async () => {
      // Not the ledger's updates: what takes a second here takes minutes as the rules see it.
      await shopper.commercetoolsFaults([{ match: '^POST /[^/]+/(payments|carts/[^/]+)$', latencyMs: 1_200 }]);
      const shoppers = steadily(4, () => pay());
      return () => Promise.all([healed(), shoppers.stop()]);
    },
    alerts: ['OpenLatencyBudgetBurn'],
  },
  {
    what: 'one payment cannot be written',
    inject: async () => {
      const checkout = await shopper.checkout();
      const open = await shopper.open(checkout);
      await shopper.commercetoolsFaults([{ match: `^POST /[^/]+/payments/${open.paymentReference}`, status: 503 }]);
      await shopper.pay(paymentIntentOf(open.sClientSecret));
      return healed;
    },
    alerts: ['KeysParked'],
  },
  {
    what: 'another system keeps changing the payments',
    inject: async () => {
      const event = await eventOfARefund();
      await shopper.commercetoolsFaults([{ match: '^POST /[^/]+/payments/', status: 409, rate: 0.4 }]);
      const events = steadily(12, () => deliver(sandbox, again(event)));
      return () => Promise.all([healed(), events.stop()]);
    },
    alerts: ['ConcurrentModificationStorm'],
  },
  {
    what: 'commercetools answers 503',
    inject: async () => {
      const checkouts = await Promise.all(range(60).map(() => shopper.checkout()));
      // Of several payments: one alone is no outage.
      const told = await Promise.all(range(6).map(() => eventOfARefund()));
      await shopper.commercetoolsFaults([{ status: 503 }]);
      const shoppers = steadily(4, (turn) => shopper.open(checkouts[turn % 60] as Checkout));
      const events = steadily(6, (turn) => deliver(sandbox, again(told[turn % told.length] ?? {})));
      return async () => {
        await Promise.all([healed(), shoppers.stop(), events.stop()]);
        await nothingParked();
      };
    },
    alerts: ['CommercetoolsApiErrors', 'LedgerCircuitOpen', 'PaymentApiBudgetBurn', 'SessionAuthUpstreamDown'],
    // What was tried meanwhile waits seconds for its next try, minutes as the rules see it.
    perhaps: ['KeysParked'],
  },
  {
    what: 'Stripe answers 500',
    inject: async () => {
      await shopper.stripeFaults([{ match: '^POST /v1/payment_intents', status: 500 }]);
      const shoppers = steadily(4, () => pay());
      return () => Promise.all([healed(), shoppers.stop()]);
    },
    alerts: ['StripeApiErrors', 'PaymentApiBudgetBurn'],
  },
  {
    what: "Stripe refuses the connector's key",
    inject: async () => {
      await shopper.stripeFaults([{ match: '^POST /v1/payment_intents', status: 401 }]);
      const shoppers = steadily(4, () => pay());
      return () => Promise.all([healed(), shoppers.stop()]);
    },
    alerts: ['ApiCredentialsRefused'],
  },
  {
    // The limit that is learnt here lasts for some seconds; what follows asks for less than is always tried.
    what: 'Stripe answers 429',
    inject: async () => {
      await shopper.stripeFaults([{ match: '^POST /v1/payment_intents', status: 429 }]);
      const shoppers = steadily(8, () => pay());
      return () => Promise.all([healed(), shoppers.stop()]);
    },
    alerts: ['ApiRateLimited', 'PaymentApiBudgetBurn', 'ShoppersTurnedAway'],
  },
  {
    what: 'webhook-ingest is gone',
    inject: async () => {
      await sandbox.stopService('webhook-ingest');
      return () => sandbox.startService('webhook-ingest');
    },
    alerts: ['MetricsAbsent'],
    // The gateway answers for it.
    perhaps: ['WebhookAcceptanceBudgetBurn'],
  },
  {
    what: 'Kafka is gone',
    inject: async () => {
      await sandbox.kill('kafka');
      return async () => {};
    },
    alerts: ['WebhookAcceptanceBudgetBurn'],
    // kafkajs gives up its connection, and with it the group, after some tries.
    perhaps: ['ConsumerNotInGroup', 'ConsumerStalled'],
  },
];

/** A query of a dashboard, over everything that happened. */
const asked = (expr: string): string =>
  filled(expr, INSTALLATION)
    .replaceAll('$__rate_interval', '10s')
    .replaceAll('$__range', '3m')
    .replaceAll(/\$(namespace|service|pod)/g, '.*');

/** An alert's expression that also has a value while nothing is wrong: comparisons answer 0 or 1, what excludes is demanded too. */
const comparable = (expr: string): string =>
  filled(expr, INSTALLATION)
    .replaceAll(/\s(==|!=|>=|<=|>|<)\s/g, ' $1 bool ')
    .replaceAll(/\bunless\b/g, 'and')
    .replace(/^absent\((.*)\)$/, '$1');

/** Has no data without TLS to Kafka, here and wherever a mesh does it. */
const ONLY_WITH_TLS = 'stripe_connector_certificate_expiry_timestamp_seconds';

const begun = unixTime();
const phases: { what: string; alerts: readonly string[]; lasts: boolean }[] = [];

describe('faults', () => {
  beforeAll(async () => {
    await reconcilePending();
    await callAgain();
    // One that is declined, so that this has been seen too.
    await pay(undefined, { card: '4000000000009995' });
    traffic = steadily(2, () => pay());
  });

  it.each(FAULTS.map((fault) => [fault.what, fault] as const))(
    '%s: fires its alerts, and no others',
    async (what, { inject, alerts, perhaps = [], lasts }) => {
      const before = await prometheus.firing();
      const heal = await inject();
      const fired = new Set<string>();
      const deadline = Date.now() + FIRES_WITHIN_MS;
      while (!alerts.every((alert) => fired.has(alert)) && Date.now() < deadline) {
        await sleep(SCRAPE_MS / 2);
        for (const alert of await prometheus.firing()) fired.add(alert);
      }
      await heal();
      // What a fault leaves behind, such as a backlog, is its own doing.
      await sleep(4 * SCRAPE_MS);
      for (const alert of await prometheus.firing()) fired.add(alert);
      // A budget that was used up stays so for the longer windows, and some faults are never fixed here.
      const isOfEarlier = (alert: string) =>
        phases.some((phase) => phase.alerts.includes(alert) && (phase.lasts || alert.endsWith('BudgetBurn')));
      const others = [...fired].filter(
        (alert) => !before.has(alert) && !perhaps.includes(alert) && !isOfEarlier(alert),
      );
      phases.push({
        what,
        lasts: lasts === true,
        alerts: [...fired].filter((alert) => alerts.includes(alert) || others.includes(alert)),
      });
      expect({ fired: [...fired].filter((alert) => alerts.includes(alert)).toSorted() }).toEqual({
        fired: alerts.toSorted(),
      });
      expect(others.filter((alert) => !alerts.includes(alert))).toEqual([]);
    },
    60_000,
  );

  afterAll(async () => {
    await traffic?.stop();
    console.log(
      ['alerts by fault:', ...phases.map(({ what, alerts }) => `  ${what}: ${alerts.join(', ')}`)].join('\n'),
    );
  });
});

describe('over all of that', () => {
  const answers = async (expr: string) => (await prometheus.range(expr, begun, unixTime(), 1)).length > 0;

  it.each(
    DASHBOARDS.flatMap(({ name, rows }) =>
      rows.flatMap(({ panels }) =>
        panels.flatMap(({ title, queries }) =>
          queries.map(({ expr, legend }) => [`${name}: ${title}: ${legend}`, expr] as const),
        ),
      ),
    ),
  )('the panel %s has data', async (_title, expr) => {
    expect(await answers(asked(expr))).toBe(!expr.includes(ONLY_WITH_TLS));
  });

  it.each(
    RULE_FILES.flatMap(({ groups }) =>
      groups.flatMap(({ rules }) =>
        rules.map(
          (rule) => [isAlert(rule) ? `alert ${rule.alert} of ${rule.service}` : rule.record, rule.expr] as const,
        ),
      ),
    ),
  )('the rule %s has data', async (_name, expr) => {
    expect(await answers(comparable(expr))).toBe(!expr.includes(ONLY_WITH_TLS));
  });

  it('no rule failed', async () => {
    const answer = await fetch(`${sandbox.observed?.prometheusUrl}/api/v1/rules`);
    const { data } = (await answer.json()) as {
      data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(50);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  const FAMILIES: readonly MetricDefinition[] = Object.values(DEFINITIONS);
  const familyOf = (name: string) =>
    FAMILIES.find(
      (family) => family.name === name.replace(family.type === 'histogram' ? /_(bucket|count|sum)$/ : '', ''),
    );
  const OURS = '{__name__=~"(stripe_connector|http|messaging)_.+"}';

  it('every metric that is documented is there, from each service that it is said of', async () => {
    const series = await prometheus.range(`group by (__name__, job) (${OURS})`, begun, unixTime(), 1);
    const seen = new Set(series.map(({ labels }) => `${familyOf(labels.__name__ ?? '')?.name} ${labels.job}`));
    const documented = FAMILIES.filter(({ name }) => name !== ONLY_WITH_TLS).flatMap(({ name, from }) =>
      from.map((service) => `${name} ${INSTALLATION.release}-${service}`),
    );
    expect(documented.filter((each) => !seen.has(each))).toEqual([]);
    // … and nothing else.
    expect([...seen].filter((each) => !documented.includes(each))).toEqual([]);
  });

  it('no metric has a label or a value that is not documented', async () => {
    const answer = await fetch(`${sandbox.observed?.prometheusUrl}/api/v1/series`, {
      method: 'POST',
      body: new URLSearchParams({ 'match[]': OURS, start: String(begun), end: String(unixTime()) }),
    });
    const { data } = (await answer.json()) as { data: Record<string, string>[] };
    const strange = data.flatMap(({ __name__ = '', namespace, job, pod, instance, le, ...labels }) =>
      Object.entries(labels).flatMap(([label, value]) => {
        const values = familyOf(__name__)?.labels[label];
        if (values === undefined) return [`${__name__}: ${label}`];
        if (typeof values === 'string' || values.includes(value) || (value === '' && values.includes('empty')))
          return [];
        return [`${__name__}: ${label}="${value}"`];
      }),
    );
    expect([...new Set(strange)]).toEqual([]);
    // Each is one series in memory, at Prometheus' too.
    expect(data.length).toBeLessThan(20_000);
  });

  it('the points in latency panels are traces that can be looked at', async () => {
    const query = new URLSearchParams({
      query: 'stripe_connector_ledger_event_delay_seconds_bucket',
      start: String(begun),
      end: String(unixTime()),
    });
    const answer = await fetch(`${sandbox.observed?.prometheusUrl}/api/v1/query_exemplars?${query}`);
    const { data } = (await answer.json()) as { data: { exemplars: { labels: { trace_id: string } }[] }[] };
    const ids = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
    // The sandbox forgets old traces.
    expect(ids.filter((id) => (sandbox.observed?.traces.spansOf(id).length ?? 0) > 1)).not.toEqual([]);
  });
});
