import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PINNED_NODE } from '@connector/sandbox';
import { resourcesOf } from './environment/resources.ts';
import { type Latency, latencyOf } from './figures.ts';

/** Calls `work` with 0 … count-1, so many of them at once. */
export async function atOnce(workers: number, count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(workers, count) }, async () => {
      while (next < count) {
        next += 1;
        await work(next - 1);
      }
    }),
  );
}

export interface Worked extends Latency {
  readonly perSecond: number;
}

/** Works through all of `things`, so many at once; the first fifth warms up and does not count. */
export async function worked<T>(
  things: readonly T[],
  workers: number,
  work: (thing: T) => Promise<unknown>,
): Promise<Worked> {
  const warm = Math.floor(things.length / 5);
  const took: number[] = [];
  let began = performance.now();
  await atOnce(workers, things.length, async (index) => {
    if (index === warm) began = performance.now();
    const from = performance.now();
    await work(things[index] as T);
    if (index >= warm) took.push(performance.now() - from);
  });
  return { ...latencyOf(took), perSecond: took.length / ((performance.now() - began) / 1000) };
}

/** Processor time of processes while `work` ran, in ms, and what it answered. */
export async function costOf<T>(
  pids: readonly number[],
  work: () => Promise<T>,
): Promise<{ result: T; cpuMs: readonly number[] }> {
  const now = () => Promise.all(pids.map(async (pid) => (await resourcesOf(pid)).cpuSeconds));
  const before = await now();
  const result = await work();
  const after = await now();
  return { result, cpuMs: after.map((seconds, at) => 1000 * (seconds - (before[at] as number))) };
}

/** Requests for the process that posts them. */
export interface Requests {
  readonly port: number;
  /** Whole HTTP/1.1 requests, sent in turn. */
  readonly texts: readonly string[];
  readonly count: number;
  readonly connections: number;
}

export interface Answers extends Worked {
  /** Answers other than 200, by status. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Sends requests that were made before the clock starts, over kept-alive sockets, from a process of its own. */
export async function answersTo(requests: Requests): Promise<Answers> {
  const sender = fork(join(import.meta.dirname, 'load-process.ts'), { execPath: PINNED_NODE });
  const gone = once(sender, 'exit').then(([code]) => {
    throw new Error(`the load ended with ${code}`);
  });
  gone.catch(() => {});
  sender.send(requests);
  const [{ latencies, seconds, refused }] = (await Promise.race([once(sender, 'message'), gone])) as [
    { latencies: number[]; seconds: number; refused: Record<string, number> },
  ];
  sender.disconnect();
  return { ...latencyOf(latencies), perSecond: latencies.length / seconds, refused };
}

/** One HTTP/1.1 request as text, with a JSON body. */
export function postOf(path: string, body: unknown): string {
  const text = JSON.stringify(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}
