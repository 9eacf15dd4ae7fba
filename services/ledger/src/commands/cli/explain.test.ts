import { UsageError } from '@connector/cli';
import { cart as cartOf } from '@connector/testing';
import { describe, expect, it } from 'vitest';
import type { Known } from '../../domain/story.ts';
import { verdictOf } from '../../domain/verdict.ts';
import { parseExplain } from './explain-options.ts';
import { explainJson, explainReport } from './explain-report.ts';

describe('the command line', () => {
  it('names one payment', () => {
    expect(parseExplain(['pi_1'])).toEqual({ asked: 'pi_1', handledWithinMs: 60_000, json: false, reveal: false });
    expect(parseExplain(['pi_1', '--json', '--reveal', '--late-after', '5m'])).toEqual({
      asked: 'pi_1',
      handledWithinMs: 300_000,
      json: true,
      reveal: true,
    });
  });

  it.each([[[]], [['pi_1', 'pi_2']], [['pi_1', '--late-after', 'soon']], [['pi_1', '--all']]])('refuses %j', (argv) => {
    expect(() => parseExplain(argv)).toThrow(UsageError);
  });

  it('asks for help', () => expect(parseExplain(['--help'])).toBe('help'));
});

describe('the report', () => {
  const known: Known = {
    now: new Date(0),
    cart: cartOf({ customerEmail: 'ada@example.com' }),
    otherPayments: ['payment-2'],
    declines: [],
    movements: [],
    messages: [],
    cutTopics: ['payments.events'],
    deadLetters: [],
    undelivered: [],
    due: [],
    differences: [],
    unavailable: [{ what: 'Stripe', why: 'bad key sk_test_abcdefghijklmnop' }],
  };
  const explanation = { known, story: [], verdict: verdictOf(known) };

  it('ends with the verdict, after deleted messages, other payments of the cart and sides that did not answer', () => {
    const text = explainReport('pi_1', explanation, false);
    expect(text).toContain('Older messages may be deleted by retention: payments.events');
    expect(text).toContain('Other payments of the cart: payment-2');
    expect(text.split('\n').at(-1)).toBe('Not all could be asked (Stripe): run it again.');
  });

  it.each([[explainReport], [explainJson]])('shows personal data only with --reveal, and a key never: %o', (write) => {
    expect(write('pi_1', explanation, false)).not.toMatch(/ada@example\.com|sk_test_abc/);
    expect(write('pi_1', explanation, true)).toContain('ada@example.com');
    expect(write('pi_1', explanation, true)).not.toMatch(/sk_test_abc/);
  });
});
