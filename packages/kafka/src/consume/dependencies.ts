import { Circuit, type CircuitOptions } from './circuit.ts';

/** A system that handling a message depends on. */
export interface DependencyOptions {
  /** Its name in a TransientError's `dependency`. */
  name: string;
  /**
   * Whether every message needs it: no message is tried while it is away. Otherwise only those messages wait that
   * failed because of it.
   */
  neededByAll?: boolean;
  /** Checks whether it works in general, when no message has shown that lately. */
  probe?: () => Promise<boolean>;
}

/** Stands for failures that name no dependency: two writers of one payment, a revoked partition. */
const UNNAMED = 'other';

/** If other messages succeeded within this time, in ms, a failing key is on its own. */
const OTHERS_SUCCEED_MS = 60_000;

/**
 * One circuit for each dependency. While Stripe is away, messages that need it wait, and the others are handled; while
 * commercetools is away, all wait.
 */
export class Dependencies {
  readonly #circuits = new Map<string, Circuit>();
  readonly #options: readonly DependencyOptions[];
  readonly #unnamed: Circuit;
  /** How often all waiters were released. */
  #releases = 0;

  constructor(
    options: readonly DependencyOptions[],
    {
      onChange,
      ...circuit
    }: Omit<CircuitOptions, 'onChange'> & { onChange: (dependency: string, open: boolean) => void },
  ) {
    const circuitOf = (name: string) => new Circuit({ ...circuit, onChange: (open) => onChange(name, open) });
    this.#options = [...options, { name: UNNAMED, neededByAll: true }];
    this.#unnamed = circuitOf(UNNAMED);
    for (const { name } of options) this.#circuits.set(name, circuitOf(name));
    this.#circuits.set(UNNAMED, this.#unnamed);
  }

  get names(): string[] {
    return [...this.#circuits.keys()];
  }

  /** Whether a dependency that every message needs is away. */
  get blocksAll(): boolean {
    return this.#options.some(({ name, neededByAll }) => neededByAll && this.#circuits.get(name)?.open);
  }

  /**
   * Resolves when a message whose last try failed because of `failed` may be tried, or was released. Returns the
   * dependencies that it may call: those that work, and those that it is the probe of.
   */
  async pass(failed: string | undefined): Promise<(dependency: string) => boolean> {
    const passed = new Set<string>();
    const before = this.#releases;
    const needed = this.#options.filter(({ name, neededByAll }) => neededByAll || name === failed);
    for (const { name } of needed) {
      await this.#circuits.get(name)?.pass();
      // A message that one circuit released must not go on to the next circuit and use up its probes.
      if (this.#releases !== before) break;
      passed.add(name);
    }
    return (dependency) => passed.has(dependency) || !this.#circuits.get(dependency)?.open;
  }

  /** A message was handled with the help of `dependencies`. Its success says nothing about others. */
  succeeded(dependencies: readonly string[]): void {
    for (const [name, circuit] of this.#circuits) {
      if (name === UNNAMED || dependencies.includes(name)) circuit.succeeded();
      else circuit.undecided();
    }
  }

  /** A message of `key` failed because of `dependency`. */
  failed(dependency: string | undefined, key: string): void {
    this.#of(dependency).failed(key);
  }

  /** Whether `dependency` works for other messages. If so, a key that fails because of it is on its own. */
  async worksForOthers(dependency: string | undefined): Promise<boolean> {
    const circuit = this.#of(dependency);
    if (circuit.open) return false;
    if (circuit.sinceLastSuccessMs < OTHERS_SUCCEED_MS) return true;
    const probe = this.#options.find(({ name }) => name === dependency)?.probe;
    return (await probe?.().catch(() => false)) ?? false;
  }

  /** Releases the waiters of an ended generation. They are discarded, and must not use up the probes. */
  releaseWaiters(): void {
    this.#releases += 1;
    for (const circuit of this.#circuits.values()) circuit.releaseWaiters();
  }

  /** Lets everything through from now on, because the process is shutting down. */
  close(): void {
    for (const circuit of this.#circuits.values()) circuit.close();
  }

  #of(dependency: string | undefined): Circuit {
    return this.#circuits.get(dependency ?? UNNAMED) ?? this.#unnamed;
  }
}
