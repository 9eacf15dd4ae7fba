import type { Component } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';

const EVERY_MS = 5 * 60_000;

export interface LastRunOptions {
  readonly log: Logger;
  readonly everyMs?: number;
}

/**
 * Reads the record of a command's last run at intervals and exports it as metrics: the command itself ends before
 * Prometheus could scrape it. `zero` sets the metrics before the first run; `refresh` reads the record.
 */
export function lastRunStatus(
  command: string,
  { zero, refresh }: { zero: () => void; refresh: () => Promise<void> },
  { log, everyMs = EVERY_MS }: LastRunOptions,
): Component & { refresh(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  const tick = () => {
    // An alert fires when the metric gets too old; no event waits for this.
    refresh().catch((error: unknown) => log.debug({ error, command }, 'the last run cannot be read now'));
  };
  return {
    name: `${command} status`,
    refresh,
    start: async () => {
      zero();
      tick();
      timer = setInterval(tick, everyMs);
      timer.unref();
    },
    stop: async () => clearInterval(timer),
  };
}
