import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.ts';

it('never hands out a port twice, though nobody listens on it yet', async () => {
  // 600 random ones of 12,000 without a repetition: once in three million runs; of fewer, more rarely.
  const ports: number[] = [];
  for (let i = 0; i < 600; i += 1) ports.push(await freePort());
  expect(new Set(ports).size).toBe(600);
});

it('hands out a port that a server can listen on', async () => {
  const server = createServer().listen(await freePort());
  await once(server, 'listening');
  expect(server.listening).toBe(true);
  server.close();
});
