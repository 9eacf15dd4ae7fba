import fc from 'fast-check';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { SECRET, signatureOf } from '../testing/stripe-events.ts';
import { signingKey, verifySignature } from './verify-signature.ts';

const NOW = 1_790_000_000;
const BODY = '{"id":"evt_1"}';
const PREVIOUS = 'whsec_test_previous';
const KEYS = [signingKey(SECRET), signingKey(PREVIOUS)];
const sign = (options: { secret?: string; timestamp?: number } = {}, body = BODY) =>
  signatureOf(body, { timestamp: NOW, ...options });
const verify = (header: string, { body = BODY, now = NOW, keys = KEYS } = {}) =>
  verifySignature(Buffer.from(body), header, keys, now);

describe('a Stripe signature', () => {
  it.each([
    ['of the current secret verifies', sign(), 'current'],
    ['of the secret being rotated out verifies', sign({ secret: PREVIOUS }), 'previous'],
    [
      'of both secrets, as Stripe sends during a roll, counts as the current one',
      `${sign({ secret: PREVIOUS })},${sign().split(',')[1]}`,
      'current',
    ],
    ['beside unknown schemes verifies', `${sign()},v0=abc,v2=def`, 'current'],
    ['300 s old verifies', sign({ timestamp: NOW - 300 }), 'current'],
    ['300 s ahead of our clock verifies', sign({ timestamp: NOW + 300 }), 'current'],
  ])('%s', (_rule, header, secret) => {
    expect(verify(header)).toEqual({ kind: 'verified', secret });
  });

  const noMatch = 'No signatures found matching the expected signature for payload.';
  const unreadable = 'Unable to extract timestamp and signatures from header';
  it.each([
    ['of another secret', sign({ secret: 'whsec_of_someone_else' }), 'bad_signature', noMatch],
    ['of another body', sign({}, '{"id":"evt_2"}'), 'bad_signature', noMatch],
    [
      'with another timestamp than the signed one',
      sign().replace(`t=${NOW}`, `t=${NOW - 1}`),
      'bad_signature',
      noMatch,
    ],
    ['cut short', sign().slice(0, -2), 'bad_signature', noMatch],
    ['that is empty', `t=${NOW},v1=`, 'bad_signature', noMatch],
    ['that is no hex', `t=${NOW},v1=${'zz'.repeat(32)}`, 'bad_signature', noMatch],
    ['without timestamp', sign().split(',')[1] ?? '', 'bad_signature', unreadable],
    ['with an unreadable timestamp', 't=soon,v1=00', 'bad_signature', unreadable],
    ['that is something else', 'Basic abc', 'bad_signature', unreadable],
    [
      'of another scheme only',
      sign().replace('v1=', 'v0='),
      'bad_signature',
      'No signatures found with expected scheme',
    ],
    ['301 s old', sign({ timestamp: NOW - 301 }), 'stale_timestamp', 'Timestamp outside the tolerance zone'],
    ['301 s ahead', sign({ timestamp: NOW + 301 }), 'stale_timestamp', 'Timestamp outside the tolerance zone'],
    ['old and of another secret', sign({ secret: 'whsec_x', timestamp: 1 }), 'bad_signature', noMatch],
  ])('%s is refused', (_rule, header, outcome, reason) => {
    expect(verify(header)).toEqual({ kind: 'refused', outcome, reason });
  });

  it('is checked over the raw bytes, even if they are not text', () => {
    const body = Buffer.from([0xef, 0xbb, 0xbf, 0xff, 0x00, 0x7b]);
    const { createHmac } = process.getBuiltinModule('node:crypto');
    const hex = createHmac('sha256', SECRET).update(`${NOW}.`).update(body).digest('hex');
    expect(verifySignature(body, `t=${NOW},v1=${hex}`, KEYS, NOW)).toEqual({ kind: 'verified', secret: 'current' });
    expect(verifySignature(body.subarray(3), `t=${NOW},v1=${hex}`, KEYS, NOW).kind).toBe('refused');
  });

  it("accepts exactly the signatures that Stripe's library accepts", () => {
    const { webhooks } = new Stripe('sk_test_none');
    const accepts = (body: string, header: string) => {
      try {
        return webhooks.signature?.verifyHeader(body, header, SECRET, 300, undefined, NOW * 1000) ?? false;
      } catch {
        return false;
      }
    };
    // The library ignores a byte order mark. We do not, because the bytes are signed.
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((body) => !body.startsWith('\ufeff'));
    const header = fc.oneof(
      fc.constant(undefined),
      fc.string(),
      fc
        .array(fc.tuple(fc.constantFrom('t', 'v1', 'v0', ''), fc.oneof(fc.string(), fc.constant(String(NOW)))))
        .map((items) => items.map(([name, value]) => `${name}=${value}`).join(',')),
    );
    fc.assert(
      fc.property(text, header, fc.nat(700), (body, tampered, age) => {
        const genuine = signatureOf(body, { timestamp: NOW - age });
        expect(verify(genuine, { body }).kind === 'verified').toBe(accepts(body, genuine));
        // The library fails on an empty signature, or one without a value, even beside a valid one.
        if (tampered === undefined || /v1(=?(,|$)|==)/.test(tampered)) return;
        for (const forged of [tampered, `${tampered},${genuine}`, `${genuine},${tampered}`]) {
          if (verify(forged, { body }).kind === 'verified') expect(accepts(body, forged)).toBe(true);
        }
      }),
      // A later `t` counts, also one without a value.
      { examples: [[' ', 't', 0]] },
    );
  });
});
