import { metrics } from '@connector/telemetry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { answerOf } from './answer.ts';
import { CallLimiter, type PushbackOf } from './call-limiter.ts';
import { type Claim, withClaim } from './claim.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const pushbackOf: PushbackOf = (status, headers, body) => {
  if (body.includes('not a limit')) return undefined;
  const retryAfterMs = 1_000 * Number(headers.get('retry-after') ?? 0);
  return {
    scope: headers.get('scope') === 'all' ? 'all' : 'operation',
    retryAfterMs: status === 503 ? 1_000 : retryAfterMs,
  };
};
const CLAIM: Claim = { priority: 'high', patienceMs: 2_000 };
const limiter = () => new CallLimiter({ api: 'stripe', host: 'api.stripe.com', pushbackOf, claim: CLAIM });

/** A fake of a dependency that accepts so many calls a second, and so many at a time; it keeps the calls it got. */
function side(limit: number, headers: Record<string, string> = {}) {
  const asked: string[] = [];
  let [tokens, at] = [limit, performance.now()];
  const call = (name: string) => async () => {
    asked.push(name);
    const now = performance.now();
    tokens = Math.min(limit, tokens + ((now - at) / 1_000) * limit);
    at = now;
    if (tokens < 1) return new Response('{}', { status: 429, headers });
    tokens -= 1;
    return new Response('{}');
  };
  return { asked, call };
}

const settled = async <T>(promises: Promise<T>[], ms = 5_000): Promise<T[]> => {
  const all = Promise.all(promises);
  await vi.advanceTimersByTimeAsync(ms);
  return all;
};
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** A limiter that already knows the dependency's limit, with no calls waiting and none in flight. */
async function atLimit(limit: number, headers: Record<string, string> = {}) {
  const gate = limiter();
  const { asked, call } = side(limit, headers);
  await settled(
    times(limit + 1, () => gate.run('x.create', call('before'))),
    1_500,
  );
  asked.length = 0;
  return { gate, asked, call };
}

it("repeats a refused call at the accepted rate, and returns the dependency's answer", async () => {
  const gate = limiter();
  const { call, asked } = side(10);
  const answers = await settled(times(15, (at) => gate.run('x.create', call(String(at)))));
  expect(answers.map(({ status }) => status)).toEqual(Array(15).fill(200));
  expect(asked.length).toBeGreaterThan(15);
});

it('sheds a call at once that cannot be made within its patience, and says when to try again', async () => {
  const { gate, asked, call } = await atLimit(5);
  const many = times(40, () => gate.run('x.create', call('x')));
  await vi.advanceTimersByTimeAsync(0);
  const before = asked.length;
  const answer = await gate.run('x.create', call('late'));
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(2);
  expect(asked.length).toBe(before);
  const answers = await settled(many);
  const shed = answers.filter(({ status }) => status === 429).length;
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(40 - shed);
  expect(shed).toBeGreaterThan(25);
});

it('never keeps a call for longer than its patience', async () => {
  const { gate, call } = await atLimit(5);
  const began = performance.now();
  const took: number[] = [];
  const waits = (claim: Claim) =>
    withClaim(claim, () => gate.run('x.create', call('x'))).then(() => took.push(performance.now() - began));
  const low = times(5, () => waits({ priority: 'low', patienceMs: 1_000 }));
  // They arrive later, and go first.
  const urgent = times(30, () => waits({ priority: 'urgent', patienceMs: 1_500 }));
  await settled([...low, ...urgent]);
  expect(Math.max(...took)).toBeLessThanOrEqual(1_520);
});

it('lets a first call wait for half of the patience only, so that work that has begun can be finished', async () => {
  const { gate, call } = await atLimit(5);
  const began = performance.now();
  const request = (calls: number) =>
    withClaim({ priority: 'urgent', patienceMs: 2_000 }, async () => {
      const statuses: number[] = [];
      for (let at = 0; at < calls; at += 1) {
        const { status } = await gate.run('x.create', call('x'));
        statuses.push(status);
        if (status !== 200) break;
      }
      return { statuses, took: performance.now() - began };
    });
  const outcomes = await settled(times(20, () => request(2)));
  const [done, shed] = [200, 429].map((last) => outcomes.filter(({ statuses }) => statuses.at(-1) === last));
  expect(done?.length).toBeGreaterThanOrEqual(4);
  // No request was begun in vain.
  expect(shed?.map(({ statuses }) => statuses.length)).toEqual(Array(20 - (done?.length ?? 0)).fill(1));
  expect(Math.max(...(shed ?? []).map(({ took }) => took))).toBeLessThanOrEqual(1_020);
});

it('lets the more urgent calls go first, except for one call of four', async () => {
  const { gate, asked, call } = await atLimit(5);
  const claimed = (priority: Claim['priority'], name: string) =>
    withClaim({ priority, patienceMs: 8_000 }, () => gate.run('x.create', call(name)));
  const low = times(6, () => claimed('low', 'low'));
  const high = times(6, () => claimed('high', 'high'));
  const urgent = times(9, () => claimed('urgent', 'urgent'));
  await settled([...low, ...high, ...urgent], 9_000);
  const waited = asked.slice(asked.indexOf('urgent'), asked.indexOf('urgent') + 12);
  expect(waited.filter((name) => name === 'urgent')).toHaveLength(9);
  expect(waited.filter((name) => name === 'high')).toHaveLength(3);
});

it('prefers a request that began earlier to one that has just arrived', async () => {
  const { gate, asked, call } = await atLimit(2);
  const request = (name: string, waitMs: number) =>
    withClaim({ priority: 'urgent', patienceMs: 4_000 }, async () => {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      return gate.run('x.create', call(name));
    });
  const begun = request('begun', 200);
  await vi.advanceTimersByTimeAsync(100);
  await settled([begun, ...times(4, () => request('new', 0))]);
  expect(asked.indexOf('begun')).toBeLessThan(2);
});

it.each([
  ['operation', true],
  ['all', false],
])('holds back only the refused operation, or all operations if the dependency says so: %s', async (scope, isMade) => {
  const gate = limiter();
  const { call } = side(1, { scope });
  const many = times(20, () => gate.run('x.create', call('x')));
  await vi.advanceTimersByTimeAsync(50);
  let made = false;
  const other = gate.run('y.create', async () => {
    made = true;
    return new Response('{}');
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(made).toBe(isMade);
  await settled([...many, other]);
});

it('does not repeat a call before the time that the dependency named', async () => {
  const gate = limiter();
  const at: number[] = [];
  const call = async () => {
    at.push(performance.now());
    return at.length === 1 ? new Response('{}', { status: 503 }) : new Response('{}');
  };
  const [answer] = await settled([gate.run('x.get', call)]);
  expect(answer?.status).toBe(200);
  expect((at[1] as number) - (at[0] as number)).toBeGreaterThanOrEqual(1_000);
});

it('returns a 429 that is not about the limit, and learns nothing from it', async () => {
  const gate = limiter();
  const answers = await settled(
    times(10, () => gate.run('x.update', async () => answerOf({ status: 429, headers: {}, text: 'not a limit' }))),
  );
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(Array(10).fill('not a limit'));
});

it('shows the limit, and how many calls wait and were shed by priority, until there is no limit any more', async () => {
  const { gate, call } = await atLimit(5);
  const value = async (name: 'apiLimit' | 'apiWaiting' | 'apiShed', label: string) =>
    (await metrics[name].get()).values.find(({ labels }) => Object.values(labels).includes(label))?.value ?? 0;
  const shedBefore = await value('apiShed', 'urgent');
  const urgent = times(20, () =>
    withClaim({ priority: 'urgent', patienceMs: 2_000 }, () => gate.run('x.create', call('x'))),
  );
  await vi.advanceTimersByTimeAsync(50);
  expect(await value('apiWaiting', 'urgent')).toBeGreaterThan(0);
  expect(await value('apiShed', 'urgent')).toBeGreaterThan(shedBefore);
  expect(await value('apiLimit', 'x.create')).toBeGreaterThan(3);
  await settled(urgent);
  expect(await value('apiWaiting', 'urgent')).toBe(0);
  await vi.advanceTimersByTimeAsync(65_000);
  expect(await value('apiLimit', 'x.create')).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
