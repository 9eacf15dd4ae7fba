import { spawn } from 'node:child_process';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end; answers whatever its exit code. Rejects when it cannot be started. */
export function ended(command: string, args: readonly string[], options: ShellOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.once('error', (error) => reject(new Error(`${command} cannot be run: ${error.message}`)));
    child.once('close', (code) => resolve({ code: code ?? 1, ...output }));
    // A program that reads no input may be gone before it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** What the program printed. Throws Error with its last words when it fails. */
export async function output(command: string, args: readonly string[], options: ShellOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await ended(command, args, options);
  if (code === 0) return stdout;
  const words = `${stderr}${stdout}`.trim().split('\n').slice(-25).join('\n');
  throw new Error(`${command} ${args.slice(0, 4).join(' ')} … failed (${code}):\n${words}`);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** The result of `work`, and how long it took in ms. */
export async function timed<T>(work: () => Promise<T>): Promise<[result: T, ms: number]> {
  const began = performance.now();
  const result = await work();
  return [result, performance.now() - began];
}
