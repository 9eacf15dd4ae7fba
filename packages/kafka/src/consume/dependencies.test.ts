import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Dependencies, type DependencyOptions } from './dependencies.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const OPTIONS: readonly DependencyOptions[] = [{ name: 'commercetools', neededByAll: true }, { name: 'stripe' }];
const dependenciesOf = (options = OPTIONS) => {
  const changes: string[] = [];
  const onChange = (name: string, open: boolean) => changes.push(`${name} ${open ? 'open' : 'closed'}`);
  return { changes, dependencies: new Dependencies(options, { failures: 3, keys: 2, onChange }) };
};
const failBroadly = (dependencies: Dependencies, name?: string) => {
  for (let n = 0; n < 3; n += 1) dependencies.failed(name, `pi_${n}`);
};
/** Counts the messages that pass, when the last try of each failed because of `failed`. */
const waiting = (dependencies: Dependencies, messages: number, failed?: string) => {
  const passes: ((dependency: string) => boolean)[] = [];
  for (let n = 0; n < messages; n += 1) void dependencies.pass(failed).then((mayCall) => passes.push(mayCall));
  return passes;
};
const soon = () => vi.advanceTimersByTimeAsync(0);

describe('while two systems that all messages need are away', () => {
  const BOTH: readonly DependencyOptions[] = [
    { name: 'commercetools', neededByAll: true },
    { name: 'kafka', neededByAll: true },
  ];

  it('a message that waits for one does not wait for the other after its partition was revoked', async () => {
    const { dependencies } = dependenciesOf(BOTH);
    failBroadly(dependencies, 'commercetools');
    failBroadly(dependencies, 'kafka');
    const discarded = waiting(dependencies, 50);
    await soon();
    dependencies.releaseWaiters();
    await soon();
    expect(discarded).toHaveLength(50);
  });

  it('a message gets past both within two probes', async () => {
    const { dependencies } = dependenciesOf(BOTH);
    failBroadly(dependencies, 'commercetools');
    failBroadly(dependencies, 'kafka');
    const passed = waiting(dependencies, 5);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(passed.length).toBeGreaterThan(0);
    dependencies.succeeded(['commercetools', 'kafka']);
    await soon();
    expect(passed).toHaveLength(5);
  });
});

describe('while Stripe is away', () => {
  it('messages that need it wait, and other messages pass but may not call it', async () => {
    const { dependencies, changes } = dependenciesOf();
    failBroadly(dependencies, 'stripe');
    const stripes = waiting(dependencies, 5, 'stripe');
    const others = waiting(dependencies, 5);
    await soon();
    expect(changes).toEqual(['stripe open']);
    expect(stripes).toHaveLength(0);
    expect(others).toHaveLength(5);
    expect(others.map((mayCall) => [mayCall('commercetools'), mayCall('stripe')])).toEqual(
      Array(5).fill([true, false]),
    );
  });

  it('successes without its help neither end the outage nor prevent it from being noticed', async () => {
    const { dependencies, changes } = dependenciesOf();
    for (let n = 0; n < 3; n += 1) {
      dependencies.failed('stripe', `pi_${n}`);
      dependencies.succeeded(['commercetools']);
    }
    expect(changes).toEqual(['stripe open']);
    dependencies.succeeded(['commercetools']);
    expect(changes).toEqual(['stripe open']);
  });

  it('one probe at a time may call it, and the first success lets all messages through', async () => {
    const { dependencies, changes } = dependenciesOf();
    failBroadly(dependencies, 'stripe');
    const stripes = waiting(dependencies, 5, 'stripe');
    await vi.advanceTimersByTimeAsync(250);
    expect(stripes).toHaveLength(1);
    expect(stripes[0]?.('stripe')).toBe(true);
    dependencies.succeeded(['stripe', 'commercetools']);
    await soon();
    expect(stripes).toHaveLength(5);
    expect(changes).toEqual(['stripe open', 'stripe closed']);
  });
});

describe('while commercetools is away', () => {
  it('every message waits', async () => {
    const { dependencies } = dependenciesOf();
    failBroadly(dependencies, 'commercetools');
    const others = waiting(dependencies, 3);
    const stripes = waiting(dependencies, 3, 'stripe');
    await soon();
    expect(dependencies.blocksAll).toBe(true);
    expect([...others, ...stripes]).toHaveLength(0);
  });

  it('a probe that turns out not to need it is followed at once by the next one', async () => {
    const { dependencies, changes } = dependenciesOf();
    failBroadly(dependencies, 'commercetools');
    const passed = waiting(dependencies, 4);
    await vi.advanceTimersByTimeAsync(250);
    expect(passed).toHaveLength(1);
    dependencies.succeeded([]);
    await soon();
    expect(passed).toHaveLength(2);
    expect(changes).toEqual(['commercetools open']);
  });
});

describe('whether a dependency works for others', () => {
  const probed = (answer: () => Promise<boolean>) =>
    dependenciesOf([{ name: 'stripe', probe: answer }, { name: 'commercetools' }]).dependencies;

  it.each<[string, () => Promise<boolean>, boolean]>([
    ['a check that succeeds', async () => true, true],
    ['a check that does not succeed', async () => false, false],
    ['a check that throws', () => Promise.reject(new Error('down')), false],
  ])('is known from %s', async (_what, probe, expected) => {
    expect(await probed(probe).worksForOthers('stripe')).toBe(expected);
  });

  it('is known from a success in the last minute in which it took part', async () => {
    const dependencies = probed(async () => false);
    dependencies.succeeded(['commercetools']);
    expect(await dependencies.worksForOthers('stripe')).toBe(false);
    dependencies.succeeded(['stripe']);
    expect(await dependencies.worksForOthers('stripe')).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await dependencies.worksForOthers('stripe')).toBe(false);
  });

  it('is denied while it fails broadly', async () => {
    const dependencies = probed(async () => true);
    failBroadly(dependencies, 'stripe');
    expect(await dependencies.worksForOthers('stripe')).toBe(false);
  });

  it('is known from any success, for a failure that names no dependency', async () => {
    const dependencies = probed(async () => false);
    expect(await dependencies.worksForOthers(undefined)).toBe(false);
    dependencies.succeeded([]);
    expect(await dependencies.worksForOthers(undefined)).toBe(true);
  });
});
