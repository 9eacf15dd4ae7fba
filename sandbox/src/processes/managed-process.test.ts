import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Part, PartDied, type PartOptions, runToEnd } from './part.ts';

let dir: string;
let part: Part;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'part-'));
});
afterEach(async () => {
  await part?.kill();
  await rm(dir, { recursive: true, force: true });
});

const shell = (script: string, options: Partial<PartOptions> = {}): Part => {
  part = new Part({
    name: 'worker',
    command: '/bin/sh',
    args: ['-c', script],
    logFile: join(dir, 'worker.log'),
    isReady: (printed) => printed.includes('ready'),
    ...options,
  });
  return part;
};
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('is up once it says so, and logs what it prints', async () => {
  await shell('echo one >&2; echo ready; exec sleep 60').start();
  expect(part.ready).toBe(true);
  expect(await part.logs()).toBe('one\nready\n');
});

it('tells the end of the log of a part that dies before it is ready', async () => {
  const failure = await shell('echo no such topic; exit 78')
    .start()
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PartDied);
  expect(failure).toMatchObject({
    exitCode: 78,
    message: 'worker ended with exit code 78; its last lines:\nno such topic',
  });
});

it('tells of a part that never gets ready, and leaves no process of it', async () => {
  const starting = shell('exec sleep 60', { readyWithinMs: 100 }).start();
  const pid = await vi.waitUntil(() => part.pid);
  await expect(starting).rejects.toThrow('worker was not ready within 0.1 s');
  expect(isAlive(pid)).toBe(false);
});

it('tells of a command that is not there', async () => {
  await expect(shell('', { command: join(dir, 'missing') }).start()).rejects.toThrow(/could not be started: .*ENOENT/);
});

it('stops in order, and by force when that takes too long', async () => {
  await shell('trap "echo drained; exit 0" TERM; echo ready; while :; do sleep 0.05; done').start();
  await part.stop();
  expect(await part.logs()).toMatch(/drained\n$/);

  await shell('trap "" TERM; echo ready; while :; do sleep 0.05; done', { graceMs: 100 }).start();
  const pid = part.pid ?? 0;
  await part.stop();
  expect(isAlive(pid)).toBe(false);
});

it('ends what a part has started, too', async () => {
  await shell(`sleep 60 & echo $! > ${dir}/child; echo ready; wait`).start();
  await part.kill();
  const child = Number(await readFile(join(dir, 'child'), 'utf8'));
  await vi.waitUntil(() => !isAlive(child), { timeout: 5000 });
});

it('comes back by itself after a crash, and says so', async () => {
  const onDeath = vi.fn<(death: PartDied) => void>();
  await shell('echo ready; exec sleep 60', { restart: true, onDeath }).start();
  const pid = part.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  await vi.waitUntil(() => part.ready && part.pid !== pid, { timeout: 5000 });
  expect(onDeath.mock.calls.map(([death]) => death.message)).toEqual([
    'worker was ended by SIGKILL; its last lines:\nready',
  ]);
});

it('stays down after kill() until it is started', async () => {
  const onDeath = vi.fn();
  await shell('echo ready; exec sleep 60', { restart: true, onDeath }).start();
  await part.kill();
  expect([part.ready, part.pid]).toEqual([false, undefined]);
  expect(onDeath).not.toHaveBeenCalled();
  await part.start();
  expect(part.ready).toBe(true);
});

it('ends, and its folder goes, when its starter is killed', async () => {
  const script = join(dir, 'starter.ts');
  const run = await mkdtemp(join(tmpdir(), 'part-run-'));
  await writeFile(
    script,
    `import { Part } from ${JSON.stringify(join(import.meta.dirname, 'part.ts'))};
     import { removeAtEnd } from ${JSON.stringify(join(import.meta.dirname, 'reaper.ts'))};
     removeAtEnd(${JSON.stringify(run)});
     const part = new Part({ name: 'worker', command: '/bin/sh', args: ['-c', 'echo ready; exec sleep 60'],
       logFile: ${JSON.stringify(join(dir, 'log'))}, isReady: (printed) => printed.includes('ready') });
     await part.start();
     console.log(part.pid);`,
  );
  const starter = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(starter.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(isAlive(pid)).toBe(true);
  starter.kill('SIGKILL');
  await vi.waitUntil(() => !isAlive(pid) && !existsSync(run), { timeout: 5000 });
});

it('ends a command when its signal aborts', async () => {
  const controller = new AbortController();
  const running = runToEnd('/bin/sh', ['-c', 'exec sleep 60'], { signal: controller.signal });
  controller.abort();
  await expect(running).rejects.toThrow(/abort/i);
});
