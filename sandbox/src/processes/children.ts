import { join } from 'node:path';
import { PINNED_NODE } from '../build.ts';
import type { ProcessName, SandboxOptions } from '../sandbox.ts';
import { followLines } from './follow.ts';
import { ManagedProcess, type ProcessOptions } from './managed-process.ts';

type NodeOptions = Pick<ProcessOptions, 'args' | 'cwd' | 'env' | 'isReady' | 'readyWithinMs' | 'graceMs'>;

/** The processes of one sandbox by name, and those that are starting. */
export class Children {
  readonly #options: SandboxOptions;
  readonly #dir: string;
  readonly #signal: AbortSignal;
  readonly #processes = new Map<ProcessName, ManagedProcess>();
  /** Starts under way. None of them is left half-done when the run stops. */
  readonly #starts: Promise<unknown>[] = [];
  readonly #unfollow: (() => void)[] = [];

  /** Logs are written into `dir`; `signal` aborts starts. */
  constructor(options: SandboxOptions, dir: string, signal: AbortSignal) {
    this.#options = options;
    this.#dir = dir;
    this.#signal = signal;
  }

  /** Throws Error for a process that this sandbox does not run. */
  get(name: ProcessName): ManagedProcess {
    const child = this.#processes.get(name);
    if (!child) throw new Error(`${name} is not run by this sandbox`);
    return child;
  }

  add(name: ProcessName, child: ManagedProcess): void {
    this.#processes.set(name, child);
  }

  /** A process of this Node, not started yet. */
  addNode(name: ProcessName, node: NodeOptions): ManagedProcess {
    const { restart = false, onDeath } = this.#options;
    const logFile = join(this.#dir, `${name}.log`);
    this.follow(name, logFile);
    const child = new ManagedProcess({
      ...node,
      name,
      command: PINNED_NODE,
      logFile,
      restart,
      ...(onDeath && { onDeath }),
    });
    this.add(name, child);
    return child;
  }

  /** Starts it, and kills it when the signal aborts meanwhile. */
  async start(child: ManagedProcess): Promise<void> {
    const giveUp = () => void child.kill();
    this.#signal.addEventListener('abort', giveUp);
    try {
      await child.start();
    } finally {
      this.#signal.removeEventListener('abort', giveUp);
    }
  }

  /** Runs one start, and reports when it is done and how long it took. */
  comingUp<T>(name: string, start: () => Promise<T>, describe: (result: T) => string): Promise<T> {
    const began = performance.now();
    const run = async () => {
      this.#signal.throwIfAborted();
      const result = await start();
      this.report(name, `${describe(result)} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
      return result;
    };
    const started = run();
    this.#starts.push(started);
    return started;
  }

  report(name: string, line: string): undefined {
    this.#options.onProgress?.(name, line);
  }

  follow(name: string, logFile: string): void {
    const { onLog } = this.#options;
    if (onLog) this.#unfollow.push(followLines(logFile, (line) => onLog(name, line)));
  }

  /** Names of the processes that are not ready. */
  get down(): string[] {
    return [...this.#processes.values()].filter(({ ready }) => !ready).map(({ name }) => name);
  }

  /** Resolves when no start is under way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#starts);
  }

  async stop(names: readonly ProcessName[]): Promise<void> {
    await Promise.all(names.map((name) => this.#processes.get(name)?.stop()));
  }

  unfollow(): void {
    for (const unfollow of this.#unfollow.splice(0)) unfollow();
  }
}
