import { createHmac } from 'node:crypto';
import type { Sandbox } from '@connector/sandbox';

/** Sends an event as Stripe does, signed over its bytes, and answers the status. */
export async function deliver(sandbox: Sandbox, event: unknown, headers: Record<string, string> = {}): Promise<number> {
  const body = JSON.stringify(event);
  const t = Math.floor(Date.now() / 1000);
  const secret = sandbox.env.STRIPE_WEBHOOK_SIGNING_SECRET ?? '';
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  const signed = { 'content-type': 'application/json', 'stripe-signature': `t=${t},v1=${v1}`, ...headers };
  const answer = await fetch(`${sandbox.url}/stripe/webhooks`, { method: 'POST', headers: signed, body });
  await answer.arrayBuffer();
  return answer.status;
}
