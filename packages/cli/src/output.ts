/**
 * Writes a line of the result to standard output. A reader that stops reading early, such as `head`, causes no error.
 */
export function print(text: string): void {
  letReadersLeave();
  process.stdout.write(`${text}\n`);
}

/** From this call on, a reader that closes the pipe early causes no error in this process. */
export function letReadersLeave(): void {
  if (process.stdout.listenerCount('error', orThrow) === 0) process.stdout.on('error', orThrow);
}

/** Writes a line to standard error, for progress and errors. */
export function toStderr(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Aborted when a person or Kubernetes asks the process to end (SIGINT, SIGTERM). */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => interrupted.abort());
  return interrupted.signal;
}

function orThrow(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
