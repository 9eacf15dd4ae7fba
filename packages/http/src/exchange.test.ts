import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exchange } from './exchange.ts';
import { createHttpClient } from './http-client.ts';

/** A server of bytes: the test decides what a socket sends for each request. */
let server: Server;
let base: string;
let requests: string[];
let answer: (socket: Socket, request: string) => void;
const sockets = new Set<Socket>();
const clients: { close(): Promise<void> }[] = [];

const client = (options: { timeoutMs?: number; connections?: number } = {}) => {
  const made = createHttpClient({ api: 'stripe', operationOf: () => 'test', ...options });
  clients.push(made);
  return made.fetch;
};
const ok = (body: string | Buffer, head = '') => {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}content-length: ${bytes.length}\r\n\r\n`), bytes]);
};

beforeEach(async () => {
  requests = [];
  answer = (socket) => void socket.write(ok('{"ok":true}'));
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      requests.push(String(chunk));
      answer(socket, String(chunk));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server.close();
  await Promise.all(clients.splice(0).map(({ close }) => close()));
});

describe('an answer', () => {
  it('is whole although it arrived in pieces, with a cut inside a character', async () => {
    const whole = ok('{"name":"Zoë"}', 'content-type: application/json\r\n');
    answer = (socket) => {
      const cut = whole.length - 3;
      socket.write(whole.subarray(0, cut), () => setImmediate(() => socket.write(whole.subarray(cut))));
    };
    const found = await client()(`${base}/a?b=c`);
    expect([found.status, found.ok, await found.text()]).toEqual([200, true, '{"name":"Zoë"}']);
    expect(await found.json()).toEqual({ name: 'Zoë' });
    expect(requests[0]).toMatch(/^GET \/a\?b=c HTTP\/1\.1\r\n/);
  });

  it('has its headers by name, in any spelling, and joins repeated ones', async () => {
    answer = (socket) => void socket.write(ok('', 'Retry-After: 3\r\nvary: a\r\nvary: b\r\n'));
    const { headers } = await client()(base);
    expect([headers.get('Retry-After'), headers.get('vary'), headers.get('date')]).toEqual(['3', 'a, b', null]);
    const seen: Record<string, string> = {};
    headers.forEach((value, name) => {
      seen[name] = value;
    });
    expect(seen).toEqual({ 'retry-after': '3', vary: 'a, b', 'content-length': '0' });
    expect(Object.fromEntries(headers)).toEqual(seen);
  });

  it.each([204, 404, 503])('of status %i is returned unchanged', async (status) => {
    answer = (socket) =>
      void socket.write(`HTTP/1.1 ${status} X\r\n${status === 204 ? '' : 'content-length: 0\r\n'}\r\n`);
    const found = await client()(base);
    expect([found.status, found.ok, await found.text()]).toEqual([status, status === 204, '']);
  });

  it('that ends before its announced length is a failure', async () => {
    answer = (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"id"');
    await expect(client()(base)).rejects.toThrow();
  });

  it('leaves its connection to a later call', async () => {
    const fetch = client();
    for (let call = 0; call < 20; call += 1) await fetch(base);
    // undici reuses a connection only in the next turn of the event loop.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });
});

describe('a call that takes too long', () => {
  const silent = () => {};

  it.each([
    ['without an answer', silent],
    [
      'in the middle of its answer',
      (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"id"'),
    ],
  ])('ends at its time-out %s', async (_when, says) => {
    answer = says;
    await expect(client({ timeoutMs: 100 })(base)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('ends while it waits for a connection, and is never sent', async () => {
    answer = silent;
    const agent = new Agent({ connections: 1, pipelining: 1 });
    clients.push({ close: () => agent.close() });
    const call = (path: string, timeoutMs: number) =>
      exchange(agent, { origin: base, path, method: 'GET' }, { timeoutMs });
    const first = call('/first', 60_000);
    await expect.poll(() => requests).toHaveLength(1);
    await expect(call('/second', 50)).rejects.toMatchObject({ name: 'TimeoutError' });
    answer = (socket) => void socket.write(ok('{}'));
    for (const socket of sockets) answer(socket, '');
    await first;
    await call('/third', 60_000);
    expect(requests.map((request) => request.split(' ')[1])).toEqual(['/first', '/third']);
  });

  it('ends when its caller aborts it, before or while it is sent', async () => {
    const caller = new AbortController();
    answer = () => caller.abort(new Error('given up'));
    const fetch = client();
    await expect(fetch(base, { signal: caller.signal })).rejects.toThrow('given up');
    await expect(fetch(base, { signal: caller.signal })).rejects.toThrow('given up');
    expect(requests).toHaveLength(1);
  });
});
