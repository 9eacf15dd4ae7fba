import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { randomOf } from '@connector/load-tests/random';
import { request } from '@connector/load-tests/shop';
import type { Sandbox } from '@connector/sandbox';

/** What can go wrong, and in words. */
export const FAULTS = {
  webhooks: 'webhooks shuffled, each event delivered 1 to 3 times',
  'webhooks-late': 'webhooks come up to half a minute late',
  'clock-skew': "Stripe's clock is ten minutes behind: its signatures are too old",
  'ct-errors': 'commercetools fails 20 % of calls with 503',
  'ct-down': 'commercetools is down',
  'ct-latency': 'commercetools is slow',
  'ct-resets': 'commercetools cuts connections, before and after it did what was asked',
  'ct-hangs': 'commercetools leaves calls without an answer',
  'stripe-errors': 'Stripe answers 500 and 429',
  'stripe-latency': 'Stripe is slow',
  'stripe-resets': 'Stripe cuts connections, before and after it did what was asked',
  'ledger-kills': 'ledger killed with SIGKILL and started again',
  'ledger-freeze': 'ledger stands still until its group has given it up, then goes on',
  'broker-kill': 'broker killed with SIGKILL and started again',
  'broker-freeze': 'broker stands still: its connections are half open',
  'disk-full': "the disk of Kafka's log is full, then emptied and the broker started again",
  'ingest-kill': 'webhook-ingest killed with SIGKILL and started again',
  'intent-kill': 'intent killed with SIGKILL and started again',
  'session-auth-kill': 'session-auth killed with SIGKILL and started again',
} as const;
export type FaultName = keyof typeof FAULTS;

export const ALL_FAULTS = Object.keys(FAULTS) as FaultName[];

type Side = 'commercetools' | 'stripe';
type Part = 'ledger' | 'kafka' | 'webhook-ingest' | 'intent' | 'session-auth';

/** A fault that comes when this share of the lives has begun. */
export type Planned = { readonly name: FaultName; readonly at: number } & (
  | { readonly kind: 'webhooks'; readonly settings: object; readonly ms: number | undefined }
  /** `ms` undefined: until the end. */
  | { readonly kind: 'side'; readonly side: Side; readonly rules: readonly object[]; readonly ms: number | undefined }
  | {
      readonly kind: 'part';
      readonly part: Part;
      readonly how: 'kill' | 'freeze' | 'disk-full';
      readonly downMs: number;
    }
);

/** Members of the ledger's group are given up after 10 s without a sign of life. */
const GIVEN_UP_MS = 12_000;
/** Longer than what a client waits for an answer of the broker's before it calls the connection dead. */
const HALF_OPEN_MS = 8_000;

/**
 * The faults of a run with this seed, by their time. `outageMs` is how long commercetools is down; of `ledgerKills` there are three at most.
 * A long run has several `rounds`: in each, every fault that passes comes again.
 */
export function planFaults(
  seed: number,
  names: readonly FaultName[],
  { outageMs, ledgerKills, rounds = 1 }: { outageMs: number; ledgerKills: number; rounds?: number },
): Planned[] {
  const planned = Array.from({ length: rounds }, (_, round) =>
    planRound(seed + round, names, { outageMs, ledgerKills })
      .filter((each) => round === 0 || !isForGood(each))
      .map((each) => ({ ...each, at: (round + each.at) / rounds })),
  );
  return planned.flat().sort((a, b) => a.at - b.at);
}

const isForGood = (planned: Planned): boolean => planned.kind !== 'part' && planned.ms === undefined;

function planRound(
  seed: number,
  names: readonly FaultName[],
  { outageMs, ledgerKills }: { outageMs: number; ledgerKills: number },
): Planned[] {
  const random = randomOf(seed, -1);
  const about = (at: number) => Math.max(0, at + (random.next() - 0.5) * 0.06);
  const window = (
    name: FaultName,
    side: Side,
    at: number,
    ms: number | undefined,
    rules: readonly object[],
  ): Planned => ({
    name,
    at: ms === undefined ? 0 : about(at),
    kind: 'side',
    side,
    rules,
    ms,
  });
  const hit = (
    name: FaultName,
    part: Part,
    at: number,
    how: 'kill' | 'freeze' | 'disk-full' = 'kill',
    downMs = random.between(500, 3_000),
  ): Planned => ({
    name,
    at: about(at),
    kind: 'part',
    part,
    how,
    downMs,
  });
  const some = outageMs / 2;
  const resets = [
    { reset: true, rate: 0.05 },
    { reset: true, rate: 0.05, when: 'after' },
  ];
  const plan: Record<FaultName, () => Planned[]> = {
    webhooks: () => [
      {
        name: 'webhooks',
        at: 0,
        kind: 'webhooks',
        settings: { shuffle: 2_000, duplicates: { min: 1, max: 3 } },
        ms: undefined,
      },
    ],
    'webhooks-late': () => [
      { name: 'webhooks-late', at: about(0.2), kind: 'webhooks', settings: { jitterMs: 30_000 }, ms: some },
    ],
    'clock-skew': () => [
      { name: 'clock-skew', at: about(0.85), kind: 'webhooks', settings: { clockSkewMs: -600_000 }, ms: some },
    ],
    'ct-errors': () => [window('ct-errors', 'commercetools', 0, undefined, [{ status: 503, rate: 0.2 }])],
    'ct-down': () => [
      window('ct-down', 'commercetools', 0.5, outageMs, [{ status: 503, match: '^(GET|POST|DELETE) ' }]),
    ],
    'ct-latency': () => [window('ct-latency', 'commercetools', 0.25, some, [{ latencyMs: 300, jitterMs: 700 }])],
    'ct-resets': () => [window('ct-resets', 'commercetools', 0.4, some, resets)],
    'ct-hangs': () => [window('ct-hangs', 'commercetools', 0.65, some, [{ hang: true, rate: 0.02 }])],
    'stripe-errors': () => [
      window('stripe-errors', 'stripe', 0.3, some, [
        { status: 500, rate: 0.1 },
        { status: 429, rate: 0.05 },
      ]),
    ],
    'stripe-latency': () => [window('stripe-latency', 'stripe', 0.7, some, [{ latencyMs: 300, jitterMs: 700 }])],
    'stripe-resets': () => [window('stripe-resets', 'stripe', 0.55, some, resets)],
    'ledger-kills': () => [0.15, 0.45, 0.75].slice(0, ledgerKills).map((at) => hit('ledger-kills', 'ledger', at)),
    'broker-kill': () => [hit('broker-kill', 'kafka', 0.6)],
    'ingest-kill': () => [hit('ingest-kill', 'webhook-ingest', 0.35)],
    'ledger-freeze': () => [hit('ledger-freeze', 'ledger', 0.3, 'freeze', GIVEN_UP_MS)],
    'broker-freeze': () => [hit('broker-freeze', 'kafka', 0.1, 'freeze', HALF_OPEN_MS)],
    'disk-full': () => [hit('disk-full', 'kafka', 0.85, 'disk-full')],
    'intent-kill': () => [hit('intent-kill', 'intent', 0.8)],
    'session-auth-kill': () => [hit('session-auth-kill', 'session-auth', 0.9)],
  };
  return names.flatMap((name) => plan[name]()).sort((a, b) => a.at - b.at);
}

/** A broker without a disk gives up by itself, at the latest when this is over, in ms. */
const DISK_FULL_MS = 15_000;
/** Webhooks as they come when nothing is wrong. */
const PUNCTUAL = { shuffle: 0, duplicates: { min: 1, max: 1 }, jitterMs: 0, clockSkewMs: 0 };

/** A fault as it came: seconds since the run began. */
export interface Injected {
  readonly name: FaultName;
  readonly what: string;
  readonly fromSeconds: number;
  toSeconds: number | undefined;
}

/** Brings the planned faults about as the lives go on. */
export class Injector {
  readonly injected: Injected[] = [];
  readonly #sandbox: Sandbox;
  readonly #waiting: Planned[];
  readonly #began = performance.now();
  readonly #active = new Map<Planned, Side>();
  readonly #running: Promise<void>[] = [];
  /** One part is killed and started one time after another. */
  readonly #partsBusy = new Map<Part, Promise<void>>();
  readonly #onChange: (line: string) => void;

  constructor(sandbox: Sandbox, planned: readonly Planned[], onChange: (line: string) => void) {
    this.#sandbox = sandbox;
    this.#waiting = [...planned];
    this.#onChange = onChange;
  }

  /** To be told whenever the share of lives that have begun grew. */
  progressed(share: number): void {
    while (this.#waiting[0] && this.#waiting[0].at <= share) {
      const planned = this.#waiting.shift() as Planned;
      const done = this.#inject(planned);
      this.#running.push(done);
      // Told by lift(), which waits for all.
      done.catch(() => {});
    }
  }

  /** Ends every fault, and resolves when all parts run again. Throws what went wrong with one. */
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
      case 'part': {
        const { part } = planned;
        const before = this.#partsBusy.get(part) ?? Promise.resolve();
        const done = before.then(() => this.#hit(planned));
        this.#partsBusy.set(part, done);
        return done;
      }
    }
  }

  async #hit(planned: Extract<Planned, { kind: 'part' }>): Promise<void> {
    const { part, how, downMs } = planned;
    const note = this.#note(planned);
    if (how === 'freeze') {
      this.#sandbox.freeze(part);
      await sleep(downMs);
      this.#sandbox.thaw(part);
    } else {
      if (how === 'disk-full') await this.#fillDisk();
      await this.#sandbox.kill(part);
      await sleep(downMs);
      await this.#startAgain(part);
    }
    note.toSeconds = this.#seconds();
    this.#onChange(`${part} is ready again`);
  }

  /**
   * Takes the broker the right to write a further byte into any file, as a full disk does, and resolves when it has given up. A disk of its
   * own, filled to the brim, would need root.
   */
  async #fillDisk(): Promise<void> {
    const { kafka } = this.#sandbox;
    if (!kafka?.pid) throw new Error('only a broker of the sandbox has a disk that can be filled');
    await promisify(execFile)('prlimit', ['--pid', String(kafka.pid), '--fsize=0:']);
    await Promise.race([kafka.process.ended(), sleep(DISK_FULL_MS)]);
  }

  /** As Kubernetes would: a start that fails is followed by another. */
  async #startAgain(part: Part, attemptsLeft = 5): Promise<void> {
    try {
      await this.#sandbox.startService(part);
    } catch (error) {
      this.#onChange(`${part} did not start: ${(error as Error).message}`);
      if (attemptsLeft <= 1) throw error;
      await sleep(3_000);
      await this.#startAgain(part, attemptsLeft - 1);
    }
  }

  #note({ name }: Planned): Injected {
    const what = FAULTS[name];
    const note: Injected = { name, what, fromSeconds: this.#seconds(), toSeconds: undefined };
    this.injected.push(note);
    this.#onChange(what);
    return note;
  }

  /** An outage hides the lesser faults of its side; the simulator tries its rules in order. */
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
