import { setTimeout as sleep } from 'node:timers/promises';
import type { WhyUnanswered } from '../use-cases/ports.ts';

/** Time-out of one request, in ms. */
const TIMEOUT_MS = 5_000;
const PAUSE_MS = 1_000;

/**
 * Posts a badly signed webhook, which only our service refuses with `Webhook Error`, until that happens or `withinMs`
 * has passed, because a new route or name may need a moment to appear.
 */
export function whyUnanswered({ withinMs }: { withinMs: number }): WhyUnanswered {
  return async (url) => {
    const until = performance.now() + withinMs;
    for (;;) {
      const reason = await askOnce(url);
      if (reason === undefined || performance.now() + PAUSE_MS > until) return reason;
      await sleep(PAUSE_MS);
    }
  };
}

async function askOnce(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=00' },
      body: '{}',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    if (answer.status === 400 && text.startsWith('Webhook Error')) return undefined;
    if (answer.status === 403)
      return 'it answers 403, so whether it is ours cannot be told (STRIPE_WEBHOOK_ALLOWED_IPS?)';
    return `a badly signed webhook was answered ${answer.status} instead of 400, so something else answers there`;
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { message?: string } };
    return `it cannot be reached from here (${cause?.message || message})`;
  }
}
