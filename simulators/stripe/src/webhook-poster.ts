import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

/** Stripe's bound on the time of one attempt, in ms. */
const ATTEMPT_TIMEOUT_MS = 20_000;

/** Signs events and posts them over kept connections, as Stripe does. */
export class WebhookPoster {
  readonly #agents: { http: http.Agent; https: https.Agent };
  readonly #requests = new Set<http.ClientRequest>();

  constructor(maxSockets: number) {
    this.#agents = {
      http: new http.Agent({ keepAlive: true, maxSockets }),
      https: new https.Agent({ keepAlive: true, maxSockets }),
    };
  }

  /** One attempt, signed as at `timestamp` (seconds since the epoch); true when it was answered whole, with 2xx. */
  post(endpoint: { url: string; secret: string }, body: Buffer, timestamp: number): Promise<boolean> {
    const signature = createHmac('sha256', endpoint.secret).update(`${timestamp}.`).update(body).digest('hex');
    const isSecure = endpoint.url.startsWith('https:');
    const request = (isSecure ? https : http).request(endpoint.url, {
      method: 'POST',
      agent: isSecure ? this.#agents.https : this.#agents.http,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': body.length,
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        accept: '*/*; q=0.5, application/xml',
        'cache-control': 'no-cache',
        'stripe-signature': `t=${timestamp},v1=${signature}`,
      },
    });
    this.#requests.add(request);
    const deadline = setTimeout(() => request.destroy(), ATTEMPT_TIMEOUT_MS);
    deadline.unref();
    request.on('close', () => {
      clearTimeout(deadline);
      this.#requests.delete(request);
    });
    const answered = isAnswered(request);
    request.end(body);
    return answered;
  }

  /** Cuts what is under way. */
  close(): void {
    for (const request of this.#requests) request.destroy();
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

/** Whichever comes first: the end of an answer, or of the connection. */
function isAnswered(request: http.ClientRequest): Promise<boolean> {
  return new Promise((resolve) => {
    request.on('response', (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      response.on('end', () => resolve(statusCode >= 200 && statusCode < 300));
      response.on('close', () => resolve(false));
    });
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
  });
}
