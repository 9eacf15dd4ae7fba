import { createHmac, randomUUID } from 'node:crypto';

/** Time-out of one request, in ms. */
const TIMEOUT_MS = 10_000;

/**
 * Posts an event that changes nothing to `url`, signed with `secret`, and returns the HTTP status: 200 when the service
 * behind it knows the secret (it counts the event as ignored), 400 otherwise. Throws the errors of `fetch`.
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
