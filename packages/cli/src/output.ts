/** Writes a line of the answer to standard output. A reader that has seen enough, such as `head`, is no failure. */
export function print(text: string): void {
  letReadersLeave();
  process.stdout.write(`${text}\n`);
}

/** From now on a reader that ends before the output does is no error of this process. */
export function letReadersLeave(): void {
  if (process.stdout.listenerCount('error', orThrow) === 0) process.stdout.on('error', orThrow);
}

/** Writes a line to standard error: progress, and what went wrong. */
export function toStderr(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Aborted when somebody, or Kubernetes, asks the process to end. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => interrupted.abort());
  return interrupted.signal;
}

function orThrow(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
