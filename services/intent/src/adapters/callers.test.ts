import { TransientError, UnauthorizedError } from '@connector/errors';
import { expect, it } from 'vitest';
import { sessionAuthCallers } from './callers.ts';

const asking = { method: 'GET', route: '/payments' };

/** A session-auth that answers once and records the request. */
function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  const asked: { url: string; body: unknown }[] = [];
  const callers = sessionAuthCallers('http://session-auth:8080', async (url, init) => {
    asked.push({ url: String(url), body: JSON.parse(String(init?.body)) });
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });
  });
  return { callers, asked };
}

it('asks about a session and takes only what it grants', async () => {
  const { callers, asked } = answering(200, {
    cartId: 'cart-1',
    projectKey: 'p',
    merchantReturnUrl: 'https://x',
    new: 1,
  });
  expect(await callers.session('s', asking)).toEqual({ cartId: 'cart-1', merchantReturnUrl: 'https://x' });
  expect(asked).toEqual([{ url: 'http://session-auth:8080/verify/session', body: { sessionId: 's', ...asking } }]);
});

it('passes a refusal on, word for word', async () => {
  const errors = [{ code: 'invalid_token', message: 'Not authorized', validAuthorities: ['manage_project'] }];
  const { callers } = answering(401, { message: 'Not authorized', statusCode: 401, errors });
  const refusal = await callers.oauth2('Bearer x', ['manage_project'], asking).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(UnauthorizedError);
  expect((refusal as UnauthorizedError).toBody().errors).toEqual(errors);
});

it.each([
  ['503', 503, {}],
  ['500 with a page', 500, '<html>'],
  ['401 without a reason', 401, {}],
  ['a session without a cart', 200, {}],
])('does not treat a failure as a refusal: %s', async (_what, status, body) => {
  const { callers } = answering(status, body);
  await expect(callers.session('s', asking)).rejects.toBeInstanceOf(TransientError);
});

it('passes on when to retry, if session-auth has reached a limit', async () => {
  const body = { message: 'Try again.', statusCode: 503, errors: [{ code: 'Overloaded', message: 'Try again.' }] };
  const { callers } = answering(503, body, { 'retry-after': '3' });
  const error = await callers.session('s', asking).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ statusCode: 503, retryAfterMs: 3_000 });
  expect((error as TransientError).toBody().errors).toMatchObject([{ code: 'Overloaded' }]);
});
