import { type Check, fail, ok, warn } from './checkup.ts';

/** Stripe's signatures are valid this long, in s. */
const TOLERANCE_S = 300;
const NOTICEABLE_S = 5;

/**
 * The difference between our clock and that of the server at `url`, from the `Date` header (whole seconds) of any
 * answer.
 */
export const clockCheck = (
  side: string,
  url: string,
  { fetch = globalThis.fetch, now = Date.now }: { fetch?: typeof globalThis.fetch; now?: () => number } = {},
): Check => {
  const name = `clock, by ${side}`;
  return {
    name,
    run: async () => {
      const before = now();
      const answer = await fetch(url);
      const after = now();
      await answer.body?.cancel();
      const date = Date.parse(answer.headers.get('date') ?? '');
      if (Number.isNaN(date)) return ok(name, 'the server tells no time');
      // The header is truncated to the second: on average by half a second.
      const seconds = (before + after) / 2000 - (date / 1000 + 0.5);
      const off = Math.max(0, Math.abs(seconds) - 0.5 - (after - before) / 2000);
      const found = off < 1 ? 'less than a second off' : `${off.toFixed(0)} s ${seconds > 0 ? 'ahead' : 'behind'}`;
      const todo = "Synchronise the node's clock (NTP): signatures and tokens depend on it.";
      if (off >= TOLERANCE_S) return fail(name, `${found}: webhooks are refused from ${TOLERANCE_S} s on`, todo);
      return off >= NOTICEABLE_S ? warn(name, found, todo) : ok(name, found);
    },
  };
};
