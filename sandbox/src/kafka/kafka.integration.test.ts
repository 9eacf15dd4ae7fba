import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type RunningKafka, startKafka } from './kafka.ts';

let kafka: RunningKafka | undefined;
afterEach(() => kafka?.stop());

const accepts = (brokers: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(brokers.split(':')[1]), '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

it('serves on its port, is gone after a kill, and returns there with its data', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kafka-'));
  kafka = await startKafka({ dir });
  expect(await accepts(kafka.brokers)).toBe(true);
  const firstPid = kafka.pid;

  await kafka.kill();
  expect(await accepts(kafka.brokers)).toBe(false);
  expect(existsSync(join(dir, 'data/meta.properties'))).toBe(true);

  await kafka.restart();
  expect(await accepts(kafka.brokers)).toBe(true);
  expect(kafka.pid).not.toBe(firstPid);
});

it('leaves no folder when it stops, unless told to keep it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kafka-'));
  kafka = await startKafka({ dir, keep: true });
  await kafka.stop();
  expect(existsSync(join(dir, 'data/__cluster_metadata-0'))).toBe(true);

  kafka = await startKafka({ dir, keep: true });
  await kafka.stop();
  kafka = await startKafka({ dir });
  await kafka.stop();
  expect(existsSync(dir)).toBe(false);
  await rm(dir, { recursive: true, force: true });
});
