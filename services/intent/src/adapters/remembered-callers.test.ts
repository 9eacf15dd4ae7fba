import { UnauthorizedError } from '@connector/errors';
import { beforeEach, expect, it } from 'vitest';
import type { Callers } from './callers.ts';
import { rememberingCallers } from './remembered-callers.ts';

const asking = { method: 'GET', route: '/payments' };
let now = 0;
let isHearing = true;
let freshForMs = 30_000;
let asked: string[] = [];
let isRefused = false;
let duringCheck: () => void = () => {};

const sessionAuth: Callers = {
  session: async (sessionId) => {
    asked.push(sessionId ?? '');
    duringCheck();
    if (isRefused || !sessionId?.startsWith('good'))
      throw new UnauthorizedError('invalid_token', 'Session is not active');
    return { cartId: sessionId.replace('good-', 'cart-'), freshForMs };
  },
  jwt: async () => {},
  oauth2: async () => {},
};
const remembering = () => rememberingCallers(sessionAuth, { max: 10, isHearing: () => isHearing, now: () => now });

beforeEach(() => {
  now = 1_000;
  isHearing = true;
  freshForMs = 30_000;
  asked = [];
  isRefused = false;
  duringCheck = () => {};
});

it('asks session-auth once for all requests of some seconds, and again afterwards', async () => {
  const callers = remembering();
  for (now of [1_000, 5_000, 10_999])
    expect(await callers.session('good-1', asking)).toMatchObject({ cartId: 'cart-1' });
  expect(asked).toHaveLength(1);
  now = 11_001;
  await callers.session('good-1', asking);
  expect(asked).toHaveLength(2);
});

it.each([0, undefined as unknown as number, 500])(
  'caches an answer as long as session-auth allows: %s ms',
  async (ms) => {
    freshForMs = ms;
    const callers = remembering();
    await callers.session('good-1', asking);
    now += 501;
    await callers.session('good-1', asking);
    expect(asked).toHaveLength(2);
  },
);

it('asks again for every session of a cart, and of no other, after a transaction of the cart was recorded', async () => {
  const callers = remembering();
  for (const session of ['good-1', 'good-2']) await callers.session(session, asking);
  callers.forget('cart-1');
  now += 1;
  for (const session of ['good-1', 'good-2', 'good-1']) await callers.session(session, asking);
  // session-auth may receive the record a moment later, so its answers are not cached for some seconds.
  expect(asked).toEqual(['good-1', 'good-2', 'good-1', 'good-1']);
  now += 5_000;
  for (const session of ['good-1', 'good-1']) await callers.session(session, asking);
  expect(asked).toHaveLength(5);
});

it('uses the cached answer for the confirmation of a cart with a transaction, for ten seconds and until session-auth refuses', async () => {
  const confirming = { method: 'POST', route: '/confirmPayments/:id' };
  const callers = remembering();
  await callers.session('good-1', asking);
  callers.forget('cart-1');
  expect(await callers.session('good-1', confirming)).toMatchObject({ cartId: 'cart-1' });
  expect(asked).toHaveLength(1);
  now += 10_001;
  await callers.session('good-1', confirming);
  expect(asked).toHaveLength(2);
  await callers.session('good-1', confirming);
  callers.forget('cart-1');
  isRefused = true;
  await expect(callers.session('good-1', asking)).rejects.toBeInstanceOf(UnauthorizedError);
  await expect(callers.session('good-1', confirming)).rejects.toBeInstanceOf(UnauthorizedError);
});

it('does not cache a check that was under way when the transaction was recorded', async () => {
  const callers = remembering();
  duringCheck = () => callers.forget('cart-1');
  await callers.session('good-1', asking);
  duringCheck = () => {};
  now += 1;
  await callers.session('good-1', asking);
  expect(asked).toHaveLength(2);
});

it.each(['bad', undefined])('caches no refusal: %s', async (session) => {
  const callers = remembering();
  for (let request = 0; request < 2; request += 1)
    await expect(callers.session(session, asking)).rejects.toBeInstanceOf(UnauthorizedError);
  expect(asked).toHaveLength(2);
});

it('asks each time while it does not receive the ledger’s records', async () => {
  const callers = remembering();
  await callers.session('good-1', asking);
  isHearing = false;
  await callers.session('good-1', asking);
  await callers.session('good-1', asking);
  expect(asked).toHaveLength(3);
});
