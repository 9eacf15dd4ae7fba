import type { DeadLetter, DeadLetterQueue, Handled } from '@connector/kafka';
import { describe, expect, it } from 'vitest';
import { parseRedriveCommand } from './redrive-options.ts';
import { runRedrive, type Surroundings } from './run-redrive.ts';

const now = new Date('2026-11-23T12:00:00Z');

function letterOf(id: string, given: Partial<DeadLetter> = {}): DeadLetter {
  const [partition, offset = ''] = id.split(':');
  return {
    id,
    partition: Number(partition),
    offset,
    key: `pi_3SHxAb2eZvKYlo2C0aQ9x7L${offset}`,
    deadLetteredAt: new Date('2026-11-23T09:00:00Z'),
    bytes: 10,
    reason: 'rejected',
    event: { id: `evt_${offset}`, type: 'com.stripe.charge.dispute.funds_reinstated' },
    origin: { topic: 'payments.events', partition: '1', offset: '9' },
    headers: { 'dlq-error-class': 'PermanentError', 'dlq-error-message': 'refused for jane@example.com' },
    ...given,
  };
}

/** A queue of these letters that records what is done; for the ids in `fails` Kafka refuses the record. */
function queueOf(letters: DeadLetter[], { value = Buffer.from('{}'), fails = [] as string[] } = {}) {
  const done: string[] = [];
  const handle =
    (outcome: 'redriven' | 'discarded'): DeadLetterQueue['redrive'] =>
    async (selected, options) => {
      const results = selected.map(
        (letter): Handled =>
          fails.includes(letter.id) ? { letter, outcome: 'failed', problem: 'too large' } : { letter, outcome },
      );
      for (const [at, one] of results.entries()) {
        if (one.outcome === outcome) done.push(`${one.letter.id} ${outcome}`);
        options?.onProgress?.(one, at + 1, results.length);
      }
      return results;
    };
  const queue: DeadLetterQueue = {
    list: async ({ ids, resolved } = {}) =>
      letters.filter((letter) => (resolved || !letter.resolution) && (!ids || ids.includes(letter.id))),
    ofKey: async (wanted) => letters.filter(({ key }) => key === wanted),
    read: async (id) => {
      const letter = letters.find((each) => each.id === id);
      return letter && { letter, value };
    },
    redrive: handle('redriven'),
    discard: (selected, reason, options) => {
      done.push(`because ${reason}`);
      return handle('discarded')(selected, options);
    },
    depth: async () => letters.length,
  };
  return { queue, done };
}

async function run(queue: DeadLetterQueue, args: string[], confirm?: Surroundings['confirm']) {
  const out: string[] = [];
  const errors: string[] = [];
  const command = parseRedriveCommand(args, now);
  if (command.kind === 'help') throw new Error('help');
  const code = await runRedrive(queue, command, {
    print: (text) => out.push(text),
    toStderr: (text) => errors.push(text),
    now: () => now,
    ...(confirm && { confirm }),
  });
  return { code, out: out.join('\n'), errors: errors.join('\n') };
}

const resolved = letterOf('1:3', {
  resolution: { kind: 'redriven', at: new Date('2026-11-23T11:00:00Z'), by: 'sre@laptop' },
});

describe('list', () => {
  it('shows the waiting dead letters in lines of at most 100 columns, with whole ids and keys and no address', async () => {
    const letters = [letterOf('1:1'), letterOf('11:12345678', { reason: 'transient_exhausted_for_very_long_indeed' })];
    const { code, out } = await run(queueOf([...letters, resolved]).queue, ['list']);
    expect(code).toBe(0);
    for (const { id, key } of letters) {
      expect(out).toContain(id);
      expect(out).toContain(key);
    }
    expect(out).not.toContain('1:3');
    expect(out).not.toContain('jane');
    expect(out).toContain('3h');
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('shows with --all what was done', async () => {
    const { out } = await run(queueOf([letterOf('1:1'), resolved]).queue, ['list', '--all']);
    expect(out).toMatch(/1:1 .* waits/);
    expect(out).toMatch(/1:3 .* redriven 60m ago/);
  });

  it('says so when nothing waits', async () => {
    expect(await run(queueOf([resolved]).queue, ['list'])).toEqual({
      code: 0,
      out: 'No dead letters wait.',
      errors: '',
    });
  });

  it('says how many more there are than it shows', async () => {
    const { out } = await run(queueOf([letterOf('1:1'), letterOf('1:2')]).queue, ['list', '--limit', '1']);
    expect(out).toContain('… and 1 more');
  });

  it('prints one JSON object without content', async () => {
    const { out } = await run(queueOf([letterOf('1:1')]).queue, ['list', '--json']);
    expect(JSON.parse(out)).toMatchObject({ count: 1, deadLetters: [{ id: '1:1', eventId: 'evt_1' }] });
  });
});

describe('show', () => {
  const value = Buffer.from(
    JSON.stringify({
      id: 'evt_1',
      data: {
        object: {
          id: 'pi_1',
          object: 'payment_intent',
          amount: 4999,
          status: 'succeeded',
          client_secret: 'pi_1_secret_abc',
          receipt_email: 'jane@example.com',
          description: 'Gift for Bob',
          shipping: { name: 'Jane Doe', address: { line1: 'Torstr. 1' } },
          payment_method_details: { card: { brand: 'visa', last4: '4242', exp_year: 2031 } },
          metadata: { ct_payment_key: 'cart-1', gift_note: 'Bob' },
        },
      },
    }),
  );

  it('hides personal data and secrets, and keeps ids, states and amounts', async () => {
    const { code, out } = await run(queueOf([letterOf('1:1')], { value }).queue, ['show', '1:1']);
    expect(code).toBe(0);
    for (const shown of ['pi_1"', '4999', 'succeeded', 'visa', 'cart-1', 'payment_intent'])
      expect(out).toContain(shown);
    for (const hidden of ['jane', 'Jane', 'Torstr', 'Bob', '4242', '2031', 'secret_abc'])
      expect(out).not.toContain(hidden);
  });

  it('shows all with --raw', async () => {
    const { out } = await run(queueOf([letterOf('1:1')], { value }).queue, ['show', '1:1', '--raw']);
    expect(out).toContain(value.toString());
  });

  it('hides content that it cannot read', async () => {
    const queue = queueOf([letterOf('1:1')], { value: Buffer.from('jane {') }).queue;
    const { out } = await run(queue, ['show', '1:1']);
    expect(out).toContain('It is not JSON');
    expect(out).not.toContain('jane {');
  });

  it('ends with 1 for one that is not there', async () => {
    expect(await run(queueOf([]).queue, ['show', '1:1'])).toMatchObject({
      code: 1,
      errors: 'There is no dead letter 1:1.',
    });
  });
});

describe('redrive', () => {
  const letters = [letterOf('1:1'), letterOf('1:2'), resolved];

  it('changes nothing in a dry run', async () => {
    const { queue, done } = queueOf(letters);
    const { code, out } = await run(queue, ['redrive', '--everything', '--dry-run', '--yes']);
    expect(out).toContain('2 dead letters would be put back on payments.events. Nothing was changed.');
    expect({ code, done }).toEqual({ code: 0, done: [] });
  });

  it('changes nothing without --yes and without a terminal', async () => {
    const { queue, done } = queueOf(letters);
    const { code, errors } = await run(queue, ['redrive', '--everything']);
    expect(errors).toContain('--yes is needed');
    expect({ code, done }).toEqual({ code: 1, done: [] });
  });

  it.each([
    [true, 0, ['1:1 redriven', '1:2 redriven']],
    [false, 1, []],
  ])('asks for confirmation, and the answer decides: %s', async (answer, code, expected) => {
    const { queue, done } = queueOf(letters);
    const questions: string[] = [];
    const result = await run(queue, ['redrive', '--everything'], async (question) => {
      questions.push(question);
      return answer;
    });
    expect(questions).toEqual(['2 dead letters will be put back on payments.events. Go on? [y/N] ']);
    expect(done).toEqual(expected);
    expect(result.code).toBe(code);
  });

  it('leaves resolved dead letters alone, and succeeds', async () => {
    const { queue, done } = queueOf(letters);
    const { code, out } = await run(queue, ['redrive', '1:3', '--yes']);
    expect(out).toMatch(/already resolved +1/);
    expect({ code, done }).toEqual({ code: 0, done: [] });
  });

  it('redrives it once more when asked to', async () => {
    const { queue, done } = queueOf(letters);
    await run(queue, ['redrive', '1:3', '--yes', '--again']);
    expect(done).toEqual(['1:3 redriven']);
  });

  it('ends with 1 when one failed, and says which and why', async () => {
    const { queue } = queueOf(letters, { fails: ['1:2'] });
    const { code, out, errors } = await run(queue, ['redrive', '--everything', '--yes']);
    expect(code).toBe(1);
    expect(errors).toContain('1:2 failed: too large');
    expect(out).toMatch(/1:2 +evt_2 +too large/);
    expect(out).toMatch(/redriven +1\nfailed +1/);
  });

  it('ends with 1 when an id is not there', async () => {
    const { queue, done } = queueOf(letters);
    const { code, errors } = await run(queue, ['redrive', '1:1', '9:9', '--yes']);
    expect({ code, done }).toEqual({ code: 1, done: ['1:1 redriven'] });
    expect(errors).toContain('There is no dead letter 9:9.');
  });

  it('prints the counts as JSON', async () => {
    const { out } = await run(queueOf(letters, { fails: ['1:2'] }).queue, [
      'redrive',
      '--everything',
      '--yes',
      '--json',
    ]);
    expect(JSON.parse(out)).toMatchObject({
      selected: 2,
      redriven: 1,
      failed: 1,
      ids: ['1:1', '1:2'],
      failures: [{ id: '1:2', problem: 'too large' }],
    });
  });
});

it('discards with the reason given', async () => {
  const { queue, done } = queueOf([letterOf('1:1')]);
  const { code } = await run(queue, ['discard', '1:1', '--because', 'a test', '--yes']);
  expect({ code, done }).toEqual({ code: 0, done: ['because a test', '1:1 discarded'] });
});
