import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface SendOptions {
  readonly port: number;
  readonly connections: number;
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

/** Sends requests over kept-alive sockets and times their answers. Throws Error when the server ends a connection. */
export async function sendAll(requests: readonly Buffer[], load: SendOptions): Promise<LoadResult> {
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
