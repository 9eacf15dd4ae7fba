import { createHmac, randomUUID } from 'node:crypto';

/** Gives up on one request after this long, in ms. */
const TIMEOUT_MS = 10_000;

/**
 * Posts an event to `url` that changes nothing, signed with `secret`, and answers the HTTP status: 200 when the service behind it knows the
 * secret (it counts the event as ignored), 400 when not. Throws what `fetch` throws.
 */
export async function postSignedProbe(
  url: string,
  secret: string,
  nowSeconds = Math.floor(Date.now() / 1000),
): Promise<number> {
  const id = `evt_probe_${randomUUID().replaceAll('-', '')}`;
  const body = JSON.stringify({
    id,
    object: 'event',
    type: 'connector.probe',
    livemode: false,
    created: nowSeconds,
    data: { object: {} },
  });
  const signature = createHmac('sha256', secret).update(`${nowSeconds}.${body}`).digest('hex');
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': `t=${nowSeconds},v1=${signature}` },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.body?.cancel();
  return answer.status;
}
