import { attributesOf, type EventRecord } from '@connector/contracts';
import { createLogger, metrics } from '@connector/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Audit } from '../use-cases/ports.ts';
import { createAudit } from './audit.ts';

const droppedFor = async (why: string): Promise<number> => {
  const { values } = await metrics.sentMessages.get();
  return values.find(({ labels }) => labels.error_type === `dropped_${why}`)?.value ?? 0;
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the audit trail', () => {
  let sent: { topic: string; record: EventRecord }[] = [];
  let clock = 0;
  beforeEach(() => {
    sent = [];
    clock = 0;
  });

  const auditWith = (send: (topic: string, record: EventRecord) => Promise<void>): Audit =>
    createAudit({ send, log: createLogger('test', 'silent'), denialsPerSecond: 2, maxPending: 3, now: () => clock });
  const collecting = () =>
    auditWith(async (topic, record) => {
      sent.push({ topic, record });
    });
  const denial = { scheme: 'session', reason: 'unknown_session', credentialHash: 'ab' } as const;

  it('publishes a verified session under its cart', async () => {
    collecting().verified({ credentialHash: 'ab', cartId: 'cart-1' });
    await settled();
    const [{ topic, record } = expect.fail('nothing was sent')] = sent;
    expect(topic).toBe('checkout.sessions');
    expect(record.key).toBe('cart-1');
    expect(JSON.parse(record.value.toString())).toEqual({ credentialHash: 'ab', cartId: 'cart-1' });
    expect(attributesOf(record.headers)).toMatchObject({
      type: 'checkout.session.verified',
      source: '/stripe-connector/session-auth',
    });
  });

  it('publishes a denial with its reason under the hash of the credential', async () => {
    collecting().denied({ ...denial, method: 'GET', route: '/payments' });
    await settled();
    expect(sent[0]?.record.key).toBe('ab');
    expect(JSON.parse(sent[0]?.record.value.toString() ?? '')).toEqual({
      ...denial,
      method: 'GET',
      route: '/payments',
    });
  });

  it('limits denials per reason, so that a flood does not hide another reason', async () => {
    const before = await droppedFor('rate_limited');
    const audit = collecting();
    for (let n = 0; n < 1_000; n += 1) {
      audit.denied(denial);
      await settled();
    }
    expect(sent).toHaveLength(10);
    expect((await droppedFor('rate_limited')) - before).toBe(990);
    audit.denied({ scheme: 'jwt', reason: 'wrong_issuer' });
    clock += 1_000;
    for (let n = 0; n < 5; n += 1) {
      audit.denied(denial);
      await settled();
    }
    expect(sent.map(({ record }) => record.key).filter((key) => key === 'jwt')).toHaveLength(1);
    expect(sent).toHaveLength(13);
  });

  it('drops and counts events while too many wait for the broker, and continues afterwards', async () => {
    const before = await droppedFor('queue_full');
    const waiting: (() => void)[] = [];
    const audit = auditWith(
      (topic, record) =>
        new Promise((resolve) => {
          sent.push({ topic, record });
          waiting.push(resolve);
        }),
    );
    for (let n = 0; n < 10; n += 1) audit.verified({ credentialHash: 'ab', cartId: `cart-${n}` });
    await settled();
    expect(sent).toHaveLength(3);
    expect((await droppedFor('queue_full')) - before).toBe(7);
    for (const done of waiting) done();
    await settled();
    audit.verified({ credentialHash: 'ab', cartId: 'cart-10' });
    await settled();
    expect(sent).toHaveLength(4);
  });

  it('never fails the caller because of the broker', async () => {
    const failing = auditWith(() => Promise.reject(new Error('no broker')));
    const throwing = auditWith(() => {
      throw new Error('stopped');
    });
    for (const audit of [failing, throwing]) {
      for (let n = 0; n < 10; n += 1) {
        expect(() => audit.verified({ credentialHash: 'ab', cartId: 'cart-1' })).not.toThrow();
        await settled();
      }
    }
  });
});
