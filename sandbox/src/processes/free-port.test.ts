import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.ts';

it('never returns a port twice, even when nothing listens on it yet', async () => {
  // 600 random ports of 12,000 without a repetition happen once in three million runs; with fewer, more rarely.
  const ports: number[] = [];
  for (let i = 0; i < 600; i += 1) ports.push(await freePort());
  expect(new Set(ports).size).toBe(600);
});

it('returns a port that a server can listen on', async () => {
  const server = createServer().listen(await freePort());
  await once(server, 'listening');
  expect(server.listening).toBe(true);
  server.close();
});
