// Posts signed webhooks, made before the clock starts, over kept-alive sockets. A process of its own, told what to do by messages.
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { chargeOf, paymentIntent, stripeEvent } from '@connector/fixtures';

export interface Load {
  readonly port: number;
  readonly secret: string;
  readonly projectKey: string;
  readonly requests: number;
  readonly connections: number;
  /** Size of each body. */
  readonly bytes: number;
  /** Requests offered in a second, whether earlier ones are answered or not; without it the next is sent as one is answered. */
  readonly perSecond?: number | undefined;
}

export interface LoadResult {
  readonly seconds: number;
  /** From when a request was due to its answer, in ms; ascending. */
  readonly latencies: readonly number[];
  /** Answers that were not 200, by status. */
  readonly refused: Readonly<Record<string, number>>;
}

export type Told = { readonly kind: 'ready' } | ({ readonly kind: 'done' } & LoadResult);

const MARK = { event: 'evt_bench_mark', paymentIntent: 'pi_bench_mark' };

/** One request's bytes each; no two events are alike, and each has a payment of its own. */
function signedRequests({ secret, projectKey, requests, bytes }: Load): Buffer[] {
  const metadata = { ct_project_key: projectKey, cart_id: 'cart', ct_payment_key: 'cart-1' };
  const charge = chargeOf(paymentIntent({ id: MARK.paymentIntent, metadata }));
  const event = (description: string) =>
    JSON.stringify(stripeEvent('charge.succeeded', { ...charge, description }, { id: MARK.event }), undefined, 2);
  const padding = bytes - Buffer.byteLength(event(''));
  if (padding < 0) throw new Error(`an event has ${bytes - padding} bytes at least`);
  const template = event('x'.repeat(padding));
  const run = randomBytes(4).toString('hex');
  const timestamp = Math.floor(Date.now() / 1000);
  return Array.from({ length: requests }, (_, at) => {
    const unique = `${run}${String(at).padStart(6, '0')}`;
    const body = template
      .replaceAll(MARK.event, `evt_${unique.slice(-10)}`)
      .replaceAll(MARK.paymentIntent, `pi_${unique.slice(-10)}`);
    const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    const head = [
      'POST /stripe/webhooks HTTP/1.1',
      'host: localhost',
      'accept: */*; q=0.5, application/xml',
      'cache-control: no-cache',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `stripe-signature: t=${timestamp},v1=${signature}`,
      'user-agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      'connection: keep-alive',
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}

/** Calls `answered` with the status of each answer; their bodies are short and come with the head. */
function onAnswers(socket: Socket, answered: (status: string) => void): void {
  let text = '';
  socket.setNoDelay(true).on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (;;) {
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, head))?.[1] ?? 0);
      const end = head + 4 + length;
      if (text.length < end) return;
      const status = text.slice(9, 12);
      text = text.slice(end);
      answered(status);
    }
  });
}

async function run(load: Load, requests: readonly Buffer[]): Promise<LoadResult> {
  const sockets = Array.from({ length: load.connections }, () => connect(load.port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const latencies: number[] = [];
  const refused: Record<string, number> = {};
  const idle: ((due: number) => void)[] = [];
  const late: number[] = [];
  const done = Promise.withResolvers<void>();
  let next = 0;
  const began = performance.now();
  for (const socket of sockets) {
    let due = 0;
    const send = (at: number) => {
      due = at;
      socket.write(requests[next++] as Buffer);
    };
    onAnswers(socket, (status) => {
      const now = performance.now();
      latencies.push(now - due);
      if (status !== '200') refused[status] = (refused[status] ?? 0) + 1;
      if (latencies.length === requests.length) done.resolve();
      else if (load.perSecond === undefined) next < requests.length && send(now);
      else if (late.length > 0) send(late.shift() as number);
      else idle.push(send);
    });
    socket.once('error', done.reject).once('close', () => done.reject(new Error('the server ended a connection')));
    if (load.perSecond === undefined) next < requests.length && send(performance.now());
    else idle.push(send);
  }
  if (load.perSecond !== undefined) {
    const every = 1000 / load.perSecond;
    let offered = 0;
    const timer = setInterval(() => {
      for (; offered < requests.length && began + offered * every <= performance.now(); offered += 1) {
        const due = began + offered * every;
        const send = idle.shift();
        if (send) send(due);
        else late.push(due);
      }
      if (offered === requests.length) clearInterval(timer);
    }, 1);
  }
  await done.promise;
  const seconds = (performance.now() - began) / 1000;
  for (const socket of sockets) socket.removeAllListeners('close').destroy();
  return { seconds, latencies: latencies.sort((a, b) => a - b), refused };
}

const tell = (told: Told) => process.send?.(told);

// First the load, then a word to go, so that signing is over when the clock starts.
const [load] = (await once(process, 'message')) as [Load];
const requests = signedRequests(load);
tell({ kind: 'ready' });
await once(process, 'message');
tell({ kind: 'done', ...(await run(load, requests)) });
await once(process, 'disconnect');
