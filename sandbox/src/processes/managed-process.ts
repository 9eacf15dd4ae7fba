import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { forgetProcess, watchProcess } from './reaper.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** All output of the process is appended to this file, over restarts. */
  readonly logFile: string;
  /** Resolves true when the process serves; called every 50 ms. `printed` is this start's output so far. */
  readonly isReady: (printed: string) => boolean | Promise<boolean>;
  /** Time limit for becoming ready, in ms. */
  readonly readyWithinMs?: number;
  /** Time limit for ending after SIGTERM before it is killed, in ms. */
  readonly graceMs?: number;
  /** Called each time the process ends unexpectedly. */
  readonly onDeath?: (death: ProcessDied) => void;
  /**
   * Restarts the process after an unexpected death, with growing pauses, unless it refused its configuration (exit code
   * 78).
   */
  readonly restart?: boolean;
}

/** A process ended, or never started. `exitCode` is null when a signal ended it; `lastLines` are the end of its log. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
  readonly processName: string;
  readonly exitCode: number | null;
  readonly lastLines: string;

  constructor(processName: string, how: string, exitCode: number | null, lastLines: string) {
    super(`${processName} ${how}${lastLines ? `; its last lines:\n${lastLines}` : ''}`);
    this.processName = processName;
    this.exitCode = exitCode;
    this.lastLines = lastLines;
  }
}

const EX_CONFIG = 78;
const LONGEST_PAUSE_MS = 10_000;
/** A process that served this long, in ms, restarts after the shortest pause. */
const STEADY_MS = 30_000;

/**
 * A child process in its own process group, so that a Ctrl-C in the terminal reaches only its starter, which ends its
 * processes in order.
 */
export class ManagedProcess {
  readonly name: string;
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;
  #exit: Promise<void> = Promise.resolve();
  #wanted = false;
  #ready = false;
  #logStart = 0;
  #readyAt = 0;
  #deathsInARow = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get logFile(): string {
    return this.#options.logFile;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** True from readiness until its process ends. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * Starts the process and resolves when it is ready. Throws ProcessDied when it ends before that, or takes too long.
   */
  async start(): Promise<void> {
    if (this.#child) throw new Error(`${this.name} is running already`);
    clearTimeout(this.#restartTimer);
    const { command, args, env, cwd, logFile, isReady, readyWithinMs = 60_000 } = this.#options;
    this.#wanted = true;
    this.#logStart = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#child = child;
    if (child.pid) watchProcess(child.pid);
    let spawnError: Error | undefined;
    child.once('error', (error) => {
      spawnError = error;
    });
    this.#exit = new Promise((resolve) => {
      child.once('exit', resolve);
      child.once('error', resolve);
    }).then(() => this.#ended(child));

    const deadline = Date.now() + readyWithinMs;
    while (this.#child === child) {
      if (await isReady((await this.#printed(this.#logStart)).toString())) {
        this.#ready = this.#child === child;
        this.#readyAt = Date.now();
        break;
      }
      if (Date.now() > deadline) {
        await this.kill();
        throw await this.#death(`was not ready within ${readyWithinMs / 1000} s`, null);
      }
      await sleep(50);
    }
    if (!this.#ready) {
      const how = spawnError ? `could not be started: ${spawnError.message}` : describeExit(child);
      throw await this.#death(how, child.exitCode);
    }
  }

  /** Sends SIGTERM, waits, and kills the process when it does not end in time. */
  async stop(): Promise<void> {
    const child = this.#unwanted();
    if (!child) return;
    signal(child, 'SIGCONT');
    signal(child, 'SIGTERM');
    const timer = setTimeout(() => signal(child, 'SIGKILL'), this.#options.graceMs ?? 15_000);
    await this.#exit;
    clearTimeout(timer);
  }

  /** Kills the process (SIGKILL) and resolves when it has ended; it is not restarted. */
  async kill(): Promise<void> {
    const child = this.#unwanted();
    if (!child) return;
    signal(child, 'SIGKILL');
    await this.#exit;
  }

  /**
   * Freezes the process (SIGSTOP): its connections stay open, and it answers nothing. No effect when it does not run.
   */
  freeze(): void {
    if (this.#child) signal(this.#child, 'SIGSTOP');
  }

  /** Continues the process after freeze(). */
  thaw(): void {
    if (this.#child) signal(this.#child, 'SIGCONT');
  }

  /** Resolves when the process has ended, for whatever reason; at once when it does not run. */
  ended(): Promise<void> {
    return this.#exit;
  }

  /** All its output so far. */
  async logs(): Promise<string> {
    return (await this.#printed(0)).toString();
  }

  async #printed(fromByte: number): Promise<Buffer> {
    const file = await open(this.#options.logFile, 'a+');
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.max(0, size - fromByte));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, fromByte);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #unwanted(): ChildProcess | undefined {
    this.#wanted = false;
    clearTimeout(this.#restartTimer);
    return this.#child;
  }

  async #ended(child: ChildProcess): Promise<void> {
    if (child.pid) forgetProcess(child.pid);
    const wasReady = this.#ready;
    this.#child = undefined;
    this.#ready = false;
    // Before readiness, start() throws the reason.
    if (!this.#wanted || !wasReady) return;
    this.#deathsInARow = Date.now() - this.#readyAt > STEADY_MS ? 1 : this.#deathsInARow + 1;
    this.#options.onDeath?.(await this.#death(describeExit(child), child.exitCode));
    this.#startAgain(child.exitCode);
  }

  #startAgain(exitCode: number | null): void {
    if (!this.#options.restart || !this.#wanted || exitCode === EX_CONFIG) return;
    const pause = Math.min(500 * 2 ** (this.#deathsInARow - 1), LONGEST_PAUSE_MS);
    this.#restartTimer = setTimeout(() => {
      this.start().catch((error: unknown) => {
        if (!this.#wanted || !(error instanceof ProcessDied)) return;
        this.#deathsInARow += 1;
        this.#options.onDeath?.(error);
        this.#startAgain(error.exitCode);
      });
    }, pause);
  }

  async #death(how: string, exitCode: number | null): Promise<ProcessDied> {
    const lastLines = (await this.#printed(this.#logStart)).toString().trimEnd().split('\n').slice(-10).join('\n');
    return new ProcessDied(this.name, how, exitCode, lastLines);
  }
}

const describeExit = ({ exitCode, signalCode }: ChildProcess): string =>
  exitCode === null ? `was ended by ${signalCode}` : `ended with exit code ${exitCode}`;

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    // It ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** True when `url` answers 2xx within a second. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Not listening yet, or too busy: not ready.
    return false;
  }
}

/**
 * Runs a command to its end. Resolves with its exit code (null when a signal ended it) and all its output. Throws when
 * it cannot be started, and AbortError when `signal` ends it.
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<{ exitCode: number | null; output: string }> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  if (child.pid) watchProcess(child.pid);
  const abort = () => signal(child, 'SIGTERM');
  options.signal?.addEventListener('abort', abort);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null];
    options.signal?.throwIfAborted();
    return { exitCode, output };
  } finally {
    options.signal?.removeEventListener('abort', abort);
    if (child.pid) forgetProcess(child.pid);
  }
}
