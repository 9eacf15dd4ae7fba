import { Circuit, type CircuitOptions } from './circuit.ts';

/** A system that handling a message depends on. */
export interface DependencyOptions {
  /** As TransientError names it in `dependency`. */
  name: string;
  /** Every message needs it: while it is away none is tried. Otherwise only those wait that failed for its sake. */
  neededByAll?: boolean;
  /** Asks whether it works in general, when no message has shown it lately. */
  probe?: () => Promise<boolean>;
}

/** The dependency of failures that name none: two writers of one payment, a partition that went away. */
const UNNAMED = 'other';

/** While other messages succeeded this recently, a failing key is on its own. */
const OTHERS_SUCCEED_MS = 60_000;

/**
 * One circuit for each dependency: when Stripe is away, the messages that need it wait, and those that do not are handled; when commercetools
 * is away, all wait.
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

  /** Whether one that every message needs is away. */
  get blocksAll(): boolean {
    return this.#options.some(({ name, neededByAll }) => neededByAll && this.#circuits.get(name)?.open);
  }

  /**
   * Resolves when a message may be tried whose last try failed because of `failed`, or was released. Answers which dependencies it may call:
   * those that work, and those whose probe it is.
   */
  async pass(failed: string | undefined): Promise<(dependency: string) => boolean> {
    const passed = new Set<string>();
    const before = this.#releases;
    const needed = this.#options.filter(({ name, neededByAll }) => neededByAll || name === failed);
    for (const { name } of needed) {
      await this.#circuits.get(name)?.pass();
      // Released by one circuit, it must not go on to the next: there it would use up the probes.
      if (this.#releases !== before) break;
      passed.add(name);
    }
    return (dependency) => passed.has(dependency) || !this.#circuits.get(dependency)?.open;
  }

  /** A message was handled with the help of `dependencies`; of the others it tells nothing. */
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

  /** Whether `dependency` works for other messages: then a key that fails because of it is on its own. */
  async worksForOthers(dependency: string | undefined): Promise<boolean> {
    const circuit = this.#of(dependency);
    if (circuit.open) return false;
    if (circuit.sinceLastSuccessMs < OTHERS_SUCCEED_MS) return true;
    const probe = this.#options.find(({ name }) => name === dependency)?.probe;
    return (await probe?.().catch(() => false)) ?? false;
  }

  /** Releases the waiters of a generation that ended: they are discarded, and must not use up the probes. */
  releaseWaiters(): void {
    this.#releases += 1;
    for (const circuit of this.#circuits.values()) circuit.releaseWaiters();
  }

  /** Lets everything through for good: the process goes down. */
  close(): void {
    for (const circuit of this.#circuits.values()) circuit.close();
  }

  #of(dependency: string | undefined): Circuit {
    return this.#circuits.get(dependency ?? UNNAMED) ?? this.#unnamed;
  }
}
