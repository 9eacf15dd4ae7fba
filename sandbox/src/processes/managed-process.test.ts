import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ManagedProcess, ProcessDied, type ProcessOptions, runToEnd } from './managed-process.ts';

let dir: string;
let child: ManagedProcess;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'child-'));
});
afterEach(async () => {
  await child?.kill();
  await rm(dir, { recursive: true, force: true });
});

const shell = (script: string, options: Partial<ProcessOptions> = {}): ManagedProcess => {
  child = new ManagedProcess({
    name: 'worker',
    command: '/bin/sh',
    args: ['-c', script],
    logFile: join(dir, 'worker.log'),
    isReady: (printed) => printed.includes('ready'),
    ...options,
  });
  return child;
};
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('is ready once it says so, and logs its output', async () => {
  await shell('echo one >&2; echo ready; exec sleep 60').start();
  expect(child.ready).toBe(true);
  expect(await child.logs()).toBe('one\nready\n');
});

it('throws the last log lines of a process that dies before it is ready', async () => {
  const failure = await shell('echo no such topic; exit 78')
    .start()
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProcessDied);
  expect(failure).toMatchObject({
    exitCode: 78,
    message: 'worker ended with exit code 78; its last lines:\nno such topic',
  });
});

it('throws when a process is not ready in time, and leaves none behind', async () => {
  const starting = shell('exec sleep 60', { readyWithinMs: 100 }).start();
  const pid = await vi.waitUntil(() => child.pid);
  await expect(starting).rejects.toThrow('worker was not ready within 0.1 s');
  expect(isAlive(pid)).toBe(false);
});

it('throws when the command does not exist', async () => {
  await expect(shell('', { command: join(dir, 'missing') }).start()).rejects.toThrow(/could not be started: .*ENOENT/);
});

it('stops by SIGTERM, and by SIGKILL when that takes too long', async () => {
  await shell('trap "echo drained; exit 0" TERM; echo ready; while :; do sleep 0.05; done').start();
  await child.stop();
  expect(await child.logs()).toMatch(/drained\n$/);

  await shell('trap "" TERM; echo ready; while :; do sleep 0.05; done', { graceMs: 100 }).start();
  const pid = child.pid ?? 0;
  await child.stop();
  expect(isAlive(pid)).toBe(false);
});

it('ends the processes that a process has started, too', async () => {
  await shell(`sleep 60 & echo $! > ${dir}/grandchild; echo ready; wait`).start();
  await child.kill();
  const grandchild = Number(await readFile(join(dir, 'grandchild'), 'utf8'));
  await vi.waitUntil(() => !isAlive(grandchild), { timeout: 5000 });
});

it('starts again after a crash, and reports it', async () => {
  const onDeath = vi.fn<(death: ProcessDied) => void>();
  await shell('echo ready; exec sleep 60', { restart: true, onDeath }).start();
  const pid = child.pid ?? 0;
  process.kill(pid, 'SIGKILL');
  await vi.waitUntil(() => child.ready && child.pid !== pid, { timeout: 5000 });
  expect(onDeath.mock.calls.map(([death]) => death.message)).toEqual([
    'worker was ended by SIGKILL; its last lines:\nready',
  ]);
});

it('stays down after kill() until it is started', async () => {
  const onDeath = vi.fn();
  await shell('echo ready; exec sleep 60', { restart: true, onDeath }).start();
  await child.kill();
  expect([child.ready, child.pid]).toEqual([false, undefined]);
  expect(onDeath).not.toHaveBeenCalled();
  await child.start();
  expect(child.ready).toBe(true);
});

it('ends, and its folder is removed, when its starter is killed', async () => {
  const script = join(dir, 'starter.ts');
  const run = await mkdtemp(join(tmpdir(), 'child-run-'));
  await writeFile(
    script,
    `import { ManagedProcess } from ${JSON.stringify(join(import.meta.dirname, 'managed-process.ts'))};
     import { removeAtEnd } from ${JSON.stringify(join(import.meta.dirname, 'reaper.ts'))};
     removeAtEnd(${JSON.stringify(run)});
     const child = new ManagedProcess({ name: 'worker', command: '/bin/sh', args: ['-c', 'echo ready; exec sleep 60'],
       logFile: ${JSON.stringify(join(dir, 'log'))}, isReady: (printed) => printed.includes('ready') });
     await child.start();
     console.log(child.pid);`,
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
