import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@connector/telemetry';
import { settleHeap } from './heap.ts';

/**
 * A component of a running service. `start` resolves when the component works. `stop` finishes the work under way and
 * releases everything.
 */
export interface Component {
  readonly name: string;
  start?(): Promise<void>;
  stop?(): Promise<void>;
  /** For /readyz: a reason why no traffic should come, or undefined. */
  notReady?(): string | undefined;
  /** For /livez: a reason why the process must be restarted, or undefined. */
  dead?(): string | undefined;
}

/** Whether the process is shutting down. From then on readiness is false. */
export const shutdown = { requested: false };

/**
 * Starts the components in order and waits. On SIGTERM or SIGINT readiness becomes false. `graceMs` later the
 * components stop in reverse order and finish their work, and the process exits 0. A failed start or an unhandled
 * rejection exits 1.
 */
export async function run(log: Logger, components: readonly Component[], graceMs = 0): Promise<void> {
  const started: Component[] = [];
  let stopping: Promise<never> | undefined;

  const stop = async (code: number): Promise<never> => {
    shutdown.requested = true;
    if (code === 0 && graceMs > 0) await sleep(graceMs);
    for (const component of started.toReversed()) {
      try {
        await component.stop?.();
      } catch (error) {
        log.error({ error, component: component.name }, 'a component did not stop cleanly');
        code = 1;
      }
    }
    log.info({ code }, 'stopped');
    process.exit(code);
  };
  const stopOnce = (code: number) => {
    stopping ??= stop(code);
    return stopping;
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stopOnce(0));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error) => {
      log.fatal({ error }, 'unexpected failure');
      void stopOnce(1);
    });
  }

  try {
    for (const component of components) {
      started.push(component);
      await component.start?.();
    }
    settleHeap();
    log.info({ startMs: Math.round(performance.now()) }, 'started');
  } catch (error) {
    log.fatal({ error }, 'could not start');
    await stopOnce(1);
  }
}
