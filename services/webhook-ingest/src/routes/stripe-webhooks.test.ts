import { once } from 'node:events';
import { connect } from 'node:net';
import { type EventRecord, headerOf, MAX_MESSAGE_BYTES, PAYMENT_EVENTS } from '@connector/contracts';
import { PermanentError, TransientError } from '@connector/errors';
import { createHttpServer } from '@connector/http';
import { createLogger, register } from '@connector/telemetry';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signingKey } from '../domain/verify-signature.ts';
import { paymentIntentSucceeded, SECRET, signatureOf } from '../testing/stripe-events.ts';
import { startWebhookMetrics } from '../webhook-metrics.ts';
import { BODY_LIMIT } from './body-memory.ts';
import { stripeWebhooksRoute } from './stripe-webhooks.ts';
import type { WebhookOptions } from './webhook-receiver.ts';

const EVENT = JSON.stringify(paymentIntentSucceeded());
const eventWithId = (id: string) => JSON.stringify(paymentIntentSucceeded({ id }));

/** A broker under the test's control. */
class FakeProducer {
  readonly sent: { topic: string; record: EventRecord }[] = [];
  down: string | undefined;
  /** The behaviour of each send; by default it is acknowledged. */
  answer: () => Promise<void> = async () => {};

  async send(topic: string, record: EventRecord): Promise<void> {
    this.sent.push({ topic, record });
    await this.answer();
  }

  notReady(): string | undefined {
    return this.down;
  }
}

let producer: FakeProducer;
let stop: () => Promise<void> = async () => {};
afterEach(() => stop());

async function start(options: Partial<WebhookOptions> = {}): Promise<number> {
  const log = createLogger('test', 'silent');
  const route = stripeWebhooksRoute({
    log,
    producer,
    signingKeys: () => [signingKey(SECRET)],
    ours: { livemode: false, projectKey: 'shop' },
    maxInFlight: 200,
    duplicateWindowMs: 0,
    ...options,
  });
  const server = createHttpServer({ log, port: 0, routes: [route] });
  await server.start?.();
  stop = async () => server.stop?.();
  return server.port;
}

beforeEach(() => {
  producer = new FakeProducer();
  register.resetMetrics();
  startWebhookMetrics();
});

async function post(port: number, body: string | Buffer, headers: Record<string, string> = {}, method = 'POST') {
  const answer = await fetch(`http://127.0.0.1:${port}/stripe/webhooks`, {
    method,
    ...(method === 'POST' && { body: new Uint8Array(Buffer.from(body)) }),
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const signed = (body: string, options = {}) => ({ 'stripe-signature': signatureOf(body, options) });

/** The counters above 0, as `type outcome`. */
async function counted(): Promise<Record<string, number>> {
  const metric = await register.getSingleMetric('stripe_connector_webhook_events_total')?.get();
  const above = metric?.values.filter(({ value }) => value > 0) ?? [];
  return Object.fromEntries(above.map(({ labels, value }) => [`${labels.event_type} ${labels.outcome}`, value]));
}

describe('a webhook', () => {
  it('becomes a record with unchanged bytes, then gets 200 with an empty body', async () => {
    const pretty = JSON.stringify(paymentIntentSucceeded(), null, 2);
    const answer = await post(await start({ accountId: 'acct_1' }), pretty, signed(pretty));
    expect([answer.status, answer.text]).toEqual([200, '']);
    const [only, ...more] = producer.sent;
    expect(more).toEqual([]);
    expect(only?.topic).toBe(PAYMENT_EVENTS);
    expect(only?.record.key).toBe('pi_1');
    expect(only?.record.value.toString()).toBe(pretty);
    expect(only?.record.headers).toMatchObject({ ce_id: 'evt_1', ce_source: '/stripe/acct_1', ce_subject: 'pi_1' });
    expect(await counted()).toEqual({ 'payment_intent.succeeded accepted': 1 });
  });

  it('is not answered before the broker has acknowledged', async () => {
    const order: string[] = [];
    const held = Promise.withResolvers<void>();
    const sent = Promise.withResolvers<void>();
    producer.answer = () => {
      sent.resolve();
      return held.promise.then(() => void order.push('acknowledged'));
    };
    const answered = post(await start(), EVENT, signed(EVENT)).then(() => order.push('answered'));
    await sent.promise;
    held.resolve();
    await answered;
    expect(order).toEqual(['acknowledged', 'answered']);
  });

  const tooOld = Math.floor(Date.now() / 1000) - 301;
  const foreign = JSON.stringify(paymentIntentSucceeded({}, { metadata: { ct_project_key: 'other' } }));
  const live = JSON.stringify(paymentIntentSucceeded({ livemode: true }));
  const invoice = JSON.stringify(paymentIntentSucceeded({ type: 'invoice.paid' }));
  const thin = JSON.stringify({ id: 'evt_2', object: 'v2.core.event', type: 'v2.core.account.updated' });
  it.each([
    [
      'with a bad signature',
      EVENT,
      { 'stripe-signature': 't=1,v1=00' },
      400,
      /^Webhook Error: No signatures found matching/,
      'unknown bad_signature',
    ],
    [
      'with an unreadable signature',
      EVENT,
      { 'stripe-signature': 'x' },
      400,
      /^Webhook Error: Unable to extract/,
      'unknown bad_signature',
    ],
    ['signed for another body', EVENT, signed(`${EVENT} `), 400, /^Webhook Error: /, 'unknown bad_signature'],
    [
      'signed too long ago',
      EVENT,
      signed(EVENT, { timestamp: tooOld }),
      400,
      /^Webhook Error: Timestamp outside the tolerance zone$/,
      'unknown stale_timestamp',
    ],
    ['with an empty body', '', signed(''), 400, /^Webhook Error: /, 'unknown malformed'],
    ['that is no JSON', '{"id":', signed('{"id":'), 400, /^Webhook Error: /, 'unknown malformed'],
    ['that is no event', '[]', signed('[]'), 400, /^Webhook Error: /, 'unknown malformed'],
    ['of another project', foreign, signed(foreign), 200, /^$/, 'payment_intent.succeeded ignored'],
    ['of the other mode', live, signed(live), 200, /^$/, 'payment_intent.succeeded ignored'],
    ['of a type that changes no payment', invoice, signed(invoice), 200, /^$/, 'other ignored'],
    [
      'that is a thin event',
      thin,
      signed(thin),
      400,
      /^Webhook Error: .*event destination.*thin payloads.*snapshot payloads are needed/,
      'other thin_payload',
    ],
  ])('%s is answered and not produced', async (_rule, body, headers, status, text, outcome) => {
    const answer = await post(await start(), body, headers);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
    expect(answer.text).not.toContain('whsec');
    if (status === 400) expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(producer.sent).toEqual([]);
    expect(await counted()).toEqual({ [outcome]: 1 });
  });

  it('without a signature gets 401 in the shape of authentication errors', async () => {
    const answer = await post(await start(), EVENT);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toMatchObject({
      message: 'Stripe signature is not valid',
      statusCode: 401,
      errors: [{ code: 'invalid_token', message: 'Stripe signature is not valid' }],
      error: 'invalid_token',
      error_description: 'Stripe signature is not valid',
    });
    expect(producer.sent).toEqual([]);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'with the method %s gets 405 with Allow: POST',
    async (method) => {
      const answer = await post(await start(), '', {}, method);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    },
  );

  it('verifies with any secret of a rotation, and the metric shows which one', async () => {
    let secrets = ['whsec_old'];
    const port = await start({ signingKeys: () => secrets.map(signingKey) });
    const deliver = async (secret: string) => (await post(port, EVENT, signed(EVENT, { secret }))).status;

    const before = [await deliver('whsec_old'), await deliver('whsec_new')];
    secrets = ['whsec_new', 'whsec_old'];
    const during = [await deliver('whsec_old'), await deliver('whsec_new')];
    secrets = ['whsec_new'];
    const after = [await deliver('whsec_old'), await deliver('whsec_new')];

    expect([before, during, after]).toEqual([
      [200, 400],
      [200, 200],
      [400, 200],
    ]);
    const metric = await register.getSingleMetric('stripe_connector_webhook_secret_matches_total')?.get();
    const matches = metric?.values.map(({ labels, value }) => [labels.secret, value]);
    expect(matches).toEqual([
      ['current', 3],
      ['previous', 1],
    ]);
  });

  it('from an address that is not allowed gets 403', async () => {
    const answer = await post(await start({ allows: () => false }), EVENT, signed(EVENT));
    expect([answer.status, producer.sent]).toEqual([403, []]);
  });
});

describe('an event that cannot be stored', () => {
  it.each([
    ['the broker does not acknowledge', new TransientError('no acknowledgement'), 503, 'unavailable'],
    ['the topic does not take its size', new PermanentError('too large', { reason: 'too_large' }), 413, 'too_large'],
    ['something unforeseen happens', new Error('bug'), 500, 'unavailable'],
  ])('is not answered with 2xx when %s', async (_rule, error, status, outcome) => {
    producer.answer = () => Promise.reject(error);
    const answer = await post(await start({ duplicateWindowMs: 60_000 }), EVENT, signed(EVENT));
    expect(answer.status).toBe(status);
    if (status === 503) expect(answer.headers.get('retry-after')).toBe('1');
    expect(await counted()).toEqual({ [`payment_intent.succeeded ${outcome}`]: 1 });
  });

  it('is accepted when it is sent again, also within the window of repeats', async () => {
    const port = await start({ duplicateWindowMs: 60_000 });
    producer.answer = () => Promise.reject(new TransientError('no acknowledgement'));
    expect((await post(port, EVENT, signed(EVENT))).status).toBe(503);
    producer.answer = async () => {};
    expect((await post(port, EVENT, signed(EVENT))).status).toBe(200);
    expect(producer.sent).toHaveLength(2);
  });

  it('is refused at once while Kafka is down, until a probe gets through', async () => {
    let elapsed = 0;
    const port = await start({ probeEveryMs: 1000, elapsedMs: () => elapsed });
    const deliver = async (id: string) => (await post(port, eventWithId(id), signed(eventWithId(id)))).status;
    const fail = () => {
      producer.down = 'the last send failed';
      return Promise.reject(new TransientError('no acknowledgement'));
    };
    producer.answer = fail;
    expect(await deliver('evt_1')).toBe(503);
    expect(await deliver('evt_2')).toBe(503);
    expect(producer.sent).toHaveLength(1);

    elapsed += 1000;
    expect(await deliver('evt_3')).toBe(503);
    expect(producer.sent).toHaveLength(2);

    elapsed += 1000;
    producer.answer = async () => {
      producer.down = undefined;
    };
    expect([await deliver('evt_4'), await deliver('evt_5')]).toEqual([200, 200]);
  });

  it('delays no event of another partition, however many events of its partition cannot be stored', async () => {
    const port = await start();
    const of = (paymentIntent: string, n: number) =>
      JSON.stringify(paymentIntentSucceeded({ id: `evt_${paymentIntent}_${n}` }, { id: paymentIntent }));
    producer.answer = async () => {
      if (producer.sent.at(-1)?.record.key === 'pi_away') throw new TransientError('its leader is away');
    };
    for (let n = 0; n < 5; n += 1)
      expect((await post(port, of('pi_away', n), signed(of('pi_away', n)))).status).toBe(503);
    const other = of('pi_well', 1);
    expect((await post(port, other, signed(other))).status).toBe(200);
  });

  it('is accepted after the outage, although the clock was set back meanwhile', async () => {
    let now = Date.now();
    const port = await start({ probeEveryMs: 1, now: () => now });
    const deliver = async (id: string) => {
      const event = eventWithId(id);
      return (await post(port, event, signed(event, { timestamp: Math.floor(now / 1000) }))).status;
    };
    producer.down = 'not connected';
    expect(await deliver('evt_1')).toBe(503);
    producer.down = undefined;
    now -= 3_600_000;
    await vi.waitFor(async () => expect(await deliver('evt_2')).toBe(200));
  });

  it('is refused at once while the producer is not connected', async () => {
    producer.down = 'not connected';
    const answer = await post(await start(), EVENT, signed(EVENT));
    expect([answer.status, producer.sent]).toEqual([503, []]);
    expect(await counted()).toEqual({ 'unknown unavailable': 1 });
  });
});

describe('the load', () => {
  it('is refused at once above the limit of waiting events, and accepted again afterwards', async () => {
    const port = await start({ maxInFlight: 2 });
    const held = Promise.withResolvers<void>();
    const bothSent = Promise.withResolvers<void>();
    producer.answer = () => {
      if (producer.sent.length === 2) bothSent.resolve();
      return held.promise;
    };
    const waiting = ['evt_1', 'evt_2'].map((id) => post(port, eventWithId(id), signed(eventWithId(id))));
    await bothSent.promise;
    const refused = await post(port, EVENT, signed(EVENT));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    held.resolve();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(port, EVENT, signed(EVENT))).status).toBe(200);
    expect(await counted()).toEqual({ 'payment_intent.succeeded accepted': 3, 'unknown overloaded': 1 });
  });

  it('is refused when there is no memory for its body; the memory is freed afterwards', async () => {
    const large = JSON.stringify(paymentIntentSucceeded({}, { description: 'x'.repeat(2000) }));
    const port = await start({ bodyMemory: 1500 });
    expect((await post(port, large, signed(large))).status).toBe(503);
    for (let round = 0; round < 5; round += 1) expect((await post(port, EVENT, signed(EVENT))).status).toBe(200);
  });
});

describe('a repeat', () => {
  it('of an event that the broker has is answered and not produced again', async () => {
    let now = Date.now();
    const port = await start({ duplicateWindowMs: 60_000, elapsedMs: () => now });
    for (let delivery = 0; delivery < 3; delivery += 1) {
      expect((await post(port, EVENT, signed(EVENT))).status).toBe(200);
    }
    expect(producer.sent).toHaveLength(1);
    expect(await counted()).toEqual({
      'payment_intent.succeeded accepted': 1,
      'payment_intent.succeeded duplicate': 2,
    });
    now += 60_000;
    await post(port, EVENT, signed(EVENT));
    expect(producer.sent).toHaveLength(2);
  });

  it('that arrives while the first still waits for the broker is produced too', async () => {
    const port = await start({ duplicateWindowMs: 60_000 });
    const held = Promise.withResolvers<void>();
    const bothSent = Promise.withResolvers<void>();
    producer.answer = () => {
      if (producer.sent.length === 2) bothSent.resolve();
      return held.promise;
    };
    const both = [post(port, EVENT, signed(EVENT)), post(port, EVENT, signed(EVENT))];
    await bothSent.promise;
    held.resolve();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('the size of a body', () => {
  const ofSize = (bytes: number) => {
    const rest = bytes - JSON.stringify(paymentIntentSucceeded({}, { description: '' })).length;
    return JSON.stringify(paymentIntentSucceeded({}, { description: 'x'.repeat(rest) }));
  };

  it('may be up to 1 MiB, which fits into a record of the topic', async () => {
    const body = ofSize(BODY_LIMIT);
    expect((await post(await start(), body, signed(body))).status).toBe(200);
    const record = producer.sent[0]?.record;
    expect(record?.value.equals(Buffer.from(body))).toBe(true);
    const headers = Object.entries(record?.headers ?? {}).join();
    expect(BODY_LIMIT + headers.length + 1000).toBeLessThan(MAX_MESSAGE_BYTES);
  });

  it.each([1, 3 * 1024 * 1024])('is refused with 413 when it is %i bytes larger', async (more) => {
    const body = ofSize(BODY_LIMIT + more);
    const answer = await post(await start(), body, signed(body));
    expect([answer.status, producer.sent]).toEqual([413, []]);
    expect(answer.text).toMatch(/^Webhook Error: /);
    expect(await counted()).toEqual({ 'unknown too_large': 1 });
  });

  it('is refused with 413 when it is not declared, as soon as it is too large', async () => {
    const socket = connect(await start(), '127.0.0.1');
    socket.write(
      `POST /stripe/webhooks HTTP/1.1\r\nhost: x\r\nstripe-signature: ${signatureOf(EVENT)}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (let sent = 0; sent <= BODY_LIMIT; sent += 0x10000) socket.write(chunk);
    const [head] = await once(socket, 'data');
    expect(String(head)).toMatch(/^HTTP\/1\.1 413 /);
    expect(String(head)).toMatch(/connection: close/i);
    socket.destroy();
  });

  it('is assembled from chunks of any size', async () => {
    const port = await start();
    const pretty = JSON.stringify(paymentIntentSucceeded({}, { description: 'ü'.repeat(3000) }), null, 2);
    const bytes = Buffer.from(pretty);
    let at = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(new Uint8Array(bytes.subarray(at, at + 97)));
        at += 97;
      },
    });
    const answer = await fetch(`http://127.0.0.1:${port}/stripe/webhooks`, {
      method: 'POST',
      body,
      headers: signed(pretty),
      duplex: 'half',
    } as RequestInit);
    expect(answer.status).toBe(200);
    expect(producer.sent[0]?.record.value.equals(bytes)).toBe(true);
  });
});

describe('an upload that does not end', () => {
  const upload = (port: number) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /stripe/webhooks HTTP/1.1\r\nhost: x\r\nstripe-signature: ${signatureOf(EVENT)}\r\ncontent-length: ${EVENT.length}\r\n\r\n${EVENT.slice(0, 10)}`,
    );
    return socket;
  };

  it('is answered with 408, and the connection is closed', async () => {
    const socket = upload(await start({ bodyTimeoutMs: 20 }));
    const [head] = await once(socket, 'data');
    expect(String(head)).toMatch(/^HTTP\/1\.1 408 /);
    socket.end();
    await once(socket, 'close');
    expect(await counted()).toEqual({ 'unknown malformed': 1 });
  });

  it('because its sender disconnects leaves nothing behind, and the next webhook is accepted', async () => {
    const port = await start({ bodyMemory: EVENT.length + 5 });
    const socket = upload(port);
    await once(socket, 'ready');
    socket.resetAndDestroy();
    await expect.poll(counted).toEqual({ 'unknown malformed': 1 });
    expect((await post(port, EVENT, signed(EVENT))).status).toBe(200);
    expect(producer.sent.map(({ record }) => headerOf(record.headers, 'ce_id'))).toEqual(['evt_1']);
  });
});

describe('an attacker who holds bodies back', () => {
  const ALMOST = 1024 * 1024 - 1;
  /** Connections that send all of a body except its last byte. */
  const hold = (port: number, count: number, bytes: number, addressOf: (n: number) => string | undefined) =>
    Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const socket = connect(port, '127.0.0.1').on('error', () => {});
        const address = addressOf(n);
        const from = address === undefined ? '' : `x-forwarded-for: ${address}\r\n`;
        const head = `POST /stripe/webhooks HTTP/1.1\r\nhost: x\r\n${from}stripe-signature: t=1,v1=00\r\n`;
        socket.write(`${head}content-length: ${bytes + 1}\r\n\r\n`);
        await Promise.race([
          new Promise((sent) => socket.write(Buffer.alloc(bytes, 'x'), sent)),
          once(socket, 'close'),
        ]);
        return socket;
      }),
    );

  it.each<[string, number, number, (n: number) => string | undefined, string | undefined]>([
    ['66 large ones, from one address', 66, ALMOST, () => '192.0.2.1', '198.51.100.1'],
    ['66 large ones, from as many addresses', 66, ALMOST, (n) => `192.0.2.${n}`, '198.51.100.1'],
    ['66 large ones, behind an unconfigured proxy', 66, ALMOST, () => undefined, undefined],
    ['300 smaller ones, from one address', 300, 262_143, () => '192.0.2.1', '198.51.100.1'],
  ])('cannot prevent Stripe’s webhooks from being accepted: %s', async (_how, count, bytes, addressOf, stripe) => {
    const port = await start();
    const from: Record<string, string> = stripe === undefined ? {} : { 'x-forwarded-for': stripe };
    expect((await post(port, EVENT, { ...signed(EVENT), ...from })).status).toBe(200);
    const sockets = await hold(port, count, bytes, addressOf);
    const answers: number[] = [];
    for (let sent = 0; sent < 50; sent += 1)
      answers.push((await post(port, EVENT, { ...signed(EVENT), ...from })).status);
    for (const socket of sockets) socket.destroy();
    expect(answers).toEqual(Array(50).fill(200));
  });

  it('with small ones from many addresses is dropped within a moment', async () => {
    const port = await start({ bodyMemory: 2 * 1024 * 1024 });
    const sockets = await hold(port, 16, 262_143, (n) => `192.0.2.${n}`);
    await expect.poll(async () => (await post(port, EVENT, signed(EVENT))).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  it('has less time for a smaller declared body', async () => {
    const port = await start({ bodyTimeoutMs: 400 });
    const within = async (declared: number) => {
      const began = performance.now();
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      const head = `POST /stripe/webhooks HTTP/1.1\r\nhost: x\r\nstripe-signature: t=1,v1=00\r\n`;
      socket.write(`${head}content-length: ${declared}\r\n\r\nx`);
      const [answered] = await once(socket, 'data');
      expect(String(answered)).toMatch(/^HTTP\/1\.1 408 /);
      socket.destroy();
      return performance.now() - began;
    };
    const [small, large] = await Promise.all([within(1_000), within(1024 * 1024)]);
    expect(small).toBeGreaterThan(90);
    expect(large).toBeGreaterThan(390);
    expect(small).toBeLessThan(large);
  });
});

describe('whatever is posted', () => {
  const TOKEN = /^[\x20-\x7e]*$/;
  const headers = fc.oneof(
    fc.constant(signatureOf(EVENT)),
    fc.string({ maxLength: 200 }).filter((text) => TOKEN.test(text) && text.trim() !== ''),
    fc
      .array(
        fc.tuple(fc.constantFrom('t', 'v1', 'v0'), fc.oneof(fc.nat().map(String), fc.stringMatching(/^[0-9a-f]{64}$/))),
      )
      .map((items) => items.map(([name, value]) => `${name}=${value}`).join(',') || 't='),
  );
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 5000 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.tuple(fc.nat(EVENT.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
      const bytes = Buffer.from(EVENT);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      return bytes;
    }),
  );

  it('is never produced without a valid signature, and never causes a failure', async () => {
    const port = await start();
    await fc.assert(
      fc.asyncProperty(bodies, headers, async (body, signature) => {
        const { status } = await post(port, body, { 'stripe-signature': signature });
        expect(status).toBe(400);
        expect(producer.sent).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('with a valid signature is 200 or 400, and only events of ours are produced', async () => {
    const port = await start();
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        producer.sent.length = 0;
        const { createHmac } = process.getBuiltinModule('node:crypto');
        const timestamp = Math.floor(Date.now() / 1000);
        const hex = createHmac('sha256', SECRET).update(`${timestamp}.`).update(body).digest('hex');
        const { status } = await post(port, body, { 'stripe-signature': `t=${timestamp},v1=${hex}` });
        expect([200, 400]).toContain(status);
        for (const { record } of producer.sent) expect(JSON.parse(record.value.toString()).livemode).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

it('every known type and outcome is counted from 0', async () => {
  const metric = await register.getSingleMetric('stripe_connector_webhook_events_total')?.get();
  const labels = metric?.values.map(({ labels: { event_type, outcome } }) => `${event_type} ${outcome}`);
  expect(labels).toContain('charge.refunded accepted');
  expect(labels).toContain('unknown bad_signature');
  expect(labels).toContain('other ignored');
});
