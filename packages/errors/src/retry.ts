/**
 * Exponential back-off with full jitter: the wait before attempt `attempt` (counted from 1), in ms, between half of
 * min(base·2^(n−1), cap) and all of it.
 */
export function backOffMs(attempt: number, { baseMs = 200, capMs = 30_000 } = {}, random = Math.random): number {
  const ceiling = Math.min(baseMs * 2 ** Math.min(attempt - 1, 20), capMs);
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

/** `Retry-After` in ms, from seconds or an HTTP date; undefined when absent or unreadable. */
export function retryAfterMs(value: string | null | undefined, now = Date.now()): number | undefined {
  if (!value) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
