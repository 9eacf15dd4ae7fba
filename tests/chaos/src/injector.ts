import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Kafka } from '@connector/kafka';
import { request } from '@connector/load-tests/shop';
import type { Sandbox } from '@connector/sandbox';
import { ClusterFaults } from './cluster-faults.ts';
import { type FaultName, type Planned, type Side, type Target, wordsOf } from './faults.ts';

/** A broker without disk space stops by itself within this time, in ms. */
const DISK_FULL_MS = 15_000;
/** Delivery of webhooks without a fault. */
const PUNCTUAL = { shuffle: 0, duplicates: { min: 1, max: 1 }, jitterMs: 0, clockSkewMs: 0 };

/** A fault as it happened, in seconds since the run began. */
export interface Injected {
  readonly name: FaultName;
  readonly what: string;
  readonly fromSeconds: number;
  toSeconds: number | undefined;
}

/** Injects the planned faults as the scenarios progress. */
export class Injector {
  readonly injected: Injected[] = [];
  readonly #sandbox: Sandbox;
  readonly #kafka: Kafka;
  readonly #waiting: Planned[];
  readonly #began = performance.now();
  readonly #active = new Map<Planned, Side>();
  readonly #running: Promise<void>[] = [];
  /** Kills and starts of the same target run one after another, and so do those of brokers. */
  readonly #busy = new Map<Target | 'cluster', Promise<void>>();
  readonly #onChange: (line: string) => void;

  constructor(sandbox: Sandbox, kafka: Kafka, planned: readonly Planned[], onChange: (line: string) => void) {
    this.#sandbox = sandbox;
    this.#kafka = kafka;
    this.#waiting = [...planned];
    this.#onChange = onChange;
  }

  /** Called whenever the share of begun scenarios has grown. */
  progressed(share: number): void {
    while (this.#waiting[0] && this.#waiting[0].at <= share) {
      const planned = this.#waiting.shift() as Planned;
      const done = this.#inject(planned);
      this.#running.push(done);
      // lift() waits for all and reports the error.
      done.catch(() => {});
    }
  }

  /** Ends every fault, and resolves when all parts run again. Throws the error of a failed one. */
  async lift(): Promise<void> {
    this.progressed(1);
    await Promise.all(this.#running);
    this.#active.clear();
    await Promise.all([this.#setFaults('commercetools'), this.#setFaults('stripe')]);
    await this.#control('PUT', 'stripe/webhooks', PUNCTUAL);
    for (const each of this.injected) each.toSeconds ??= this.#seconds();
  }

  async #inject(planned: Planned): Promise<void> {
    switch (planned.kind) {
      case 'webhooks': {
        const { settings, ms } = planned;
        const note = this.#note(planned);
        await this.#control('PUT', 'stripe/webhooks', settings);
        if (ms === undefined) return;
        await sleep(ms);
        const before = Object.keys(settings).map((name) => [name, PUNCTUAL[name as keyof typeof PUNCTUAL]]);
        await this.#control('PUT', 'stripe/webhooks', Object.fromEntries(before));
        note.toSeconds = this.#seconds();
        this.#onChange(`${planned.name} is over`);
        return;
      }
      case 'side': {
        const { side, ms } = planned;
        const note = this.#note(planned);
        this.#active.set(planned, side);
        await this.#setFaults(side);
        if (ms === undefined) return;
        await sleep(ms);
        this.#active.delete(planned);
        await this.#setFaults(side);
        note.toSeconds = this.#seconds();
        this.#onChange(`${planned.name} is over`);
        return;
      }
      case 'process':
        return this.#inTurn(planned.target, () => this.#hit(planned));
      case 'cluster':
        return this.#inTurn('cluster', () => this.#hitCluster(planned));
    }
  }

  #inTurn(what: Target | 'cluster', work: () => Promise<void>): Promise<void> {
    const done = (this.#busy.get(what) ?? Promise.resolve()).then(work);
    this.#busy.set(what, done);
    return done;
  }

  async #hitCluster(planned: Extract<Planned, { kind: 'cluster' }>): Promise<void> {
    const { cluster } = this.#sandbox;
    if (!cluster) throw new Error(`${planned.name} needs several brokers`);
    const note = this.#note(planned);
    const whileLedgerIsStopped = (work: () => Promise<void>) =>
      this.#inTurn('ledger', async () => {
        await this.#sandbox.stopService('ledger');
        await work().finally(() => this.#sandbox.startService('ledger'));
      });
    const faults = new ClusterFaults(cluster, this.#kafka, whileLedgerIsStopped, (_, brokers) => {
      if (brokers.length > 0) this.#onChange(`${planned.name}: broker ${brokers.join(', ')}`);
    });
    await faults.inject(planned.fault, planned.downMs);
    note.toSeconds = this.#seconds();
    this.#onChange(`the cluster is whole again after ${planned.name}`);
  }

  async #hit(planned: Extract<Planned, { kind: 'process' }>): Promise<void> {
    const { target, how, downMs } = planned;
    const note = this.#note(planned);
    if (how === 'freeze') {
      this.#sandbox.freeze(target);
      await sleep(downMs);
      this.#sandbox.thaw(target);
    } else {
      if (how === 'disk-full') await this.#fillDisk();
      await this.#sandbox.kill(target);
      await sleep(downMs);
      await this.#startAgain(target);
    }
    note.toSeconds = this.#seconds();
    this.#onChange(`${target} is ready again`);
  }

  /**
   * Stops the broker from writing further bytes into any file, like a full disk, and resolves when it has stopped. A
   * real full disk would need root.
   */
  async #fillDisk(): Promise<void> {
    const { kafka } = this.#sandbox;
    if (!kafka?.pid) throw new Error('only a broker of the sandbox has a disk that can be filled');
    await promisify(execFile)('prlimit', ['--pid', String(kafka.pid), '--fsize=0:']);
    await Promise.race([kafka.process.ended(), sleep(DISK_FULL_MS)]);
  }

  /** Like Kubernetes: a failed start is followed by another. */
  async #startAgain(target: Target, attemptsLeft = 5): Promise<void> {
    try {
      await this.#sandbox.startService(target);
    } catch (error) {
      this.#onChange(`${target} did not start: ${(error as Error).message}`);
      if (attemptsLeft <= 1) throw error;
      await sleep(3_000);
      await this.#startAgain(target, attemptsLeft - 1);
    }
  }

  #note({ name }: Planned): Injected {
    const what = wordsOf(name);
    const note: Injected = { name, what, fromSeconds: this.#seconds(), toSeconds: undefined };
    this.injected.push(note);
    this.#onChange(what);
    return note;
  }

  /** An outage hides the lesser faults of its side, because the simulator tries its rules in order. */
  async #setFaults(side: Side): Promise<void> {
    const rules = [...this.#active]
      .filter(([, of]) => of === side)
      .flatMap(([planned]) => ('rules' in planned ? planned.rules : []));
    await this.#control('PUT', `${side}/faults`, rules);
  }

  async #control(method: string, path: string, body: unknown) {
    const { status, text, json } = await request(method, `${this.#sandbox.url}/_sandbox/${path}`, { body });
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return json;
  }

  #seconds = () => Math.round((performance.now() - this.#began) / 100) / 10;
}
