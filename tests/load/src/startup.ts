import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Budget } from './benchmark.ts';
import { SERVICES, type Service } from './environment/built-services.ts';
import { resourcesOf } from './environment/resources.ts';
import { median } from './figures.ts';
import { table } from './table.ts';

const READY_WITHIN_MS = 2_000;
const IDLE_MB = 90;

interface Start {
  readonly service: Service;
  /** From the start of the process to its readiness, in ms; the median of several. */
  readonly readyMs: number;
  /** Resident memory some seconds later, in MB; the median of several. */
  readonly idleMb: number;
}

export interface StartupFigures {
  readonly starts: number;
  readonly idleSeconds: number;
  readonly services: readonly Start[];
}

/** How long each service takes until it serves, and what it then keeps of memory. */
export const startupBenchmark: Benchmark<StartupFigures> = {
  name: 'startup',

  async measure(environment, { quick }) {
    const [starts, idleSeconds] = quick ? [1, 3] : [3, 10];
    const sessionAuth = await environment.start('session-auth');
    const services: Start[] = [];
    for (const service of SERVICES) {
      const seen: { readyMs: number; idleMb: number }[] = [];
      for (let start = 0; start < starts; start += 1) {
        const running = await environment.start(service, { SESSION_AUTH_URL: sessionAuth.url });
        await sleep(idleSeconds * 1000);
        seen.push({ readyMs: running.readyMs, idleMb: (await resourcesOf(running.pid)).rssMb });
        await running.kill();
      }
      services.push({
        service,
        readyMs: median(seen.map(({ readyMs }) => readyMs)),
        idleMb: median(seen.map(({ idleMb }) => idleMb)),
      });
    }
    await sessionAuth.kill();
    return { starts, idleSeconds, services };
  },

  tables({ services, idleSeconds }) {
    return table(
      ['service', 'ready after', `memory ${idleSeconds} s later`],
      services.map(({ service, readyMs, idleMb }) => [
        service,
        `${(readyMs / 1000).toFixed(2)} s`,
        `${idleMb.toFixed(0)} MB`,
      ]),
    );
  },

  budgets({ services }): Budget[] {
    const slowest = services.reduce((a, b) => (a.readyMs > b.readyMs ? a : b));
    const largest = services.reduce((a, b) => (a.idleMb > b.idleMb ? a : b));
    return [
      {
        what: `start to ready, the slowest: ${slowest.service}`,
        measured: `${(slowest.readyMs / 1000).toFixed(2)} s`,
        target: '≤ 2 s',
        holds: slowest.readyMs <= READY_WITHIN_MS,
      },
      {
        what: `idle memory, the largest: ${largest.service}`,
        measured: `${largest.idleMb.toFixed(0)} MB`,
        target: `≤ ${IDLE_MB} MB`,
        holds: largest.idleMb <= IDLE_MB,
      },
    ];
  },
};
