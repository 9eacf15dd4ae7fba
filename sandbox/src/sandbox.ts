import type { Environment } from './environment.ts';
import type { RunningCluster } from './kafka/cluster.ts';
import type { RunningKafka } from './kafka/kafka.ts';
import type { TraceStore } from './observe/trace-store.ts';
import type { ProcessDied } from './processes/managed-process.ts';

/** Ordered by dependency: intent asks session-auth. */
export const SERVICES = ['session-auth', 'intent', 'webhook-ingest', 'ledger'] as const;
export type ServiceName = (typeof SERVICES)[number];
export const SIMULATORS = ['commercetools', 'stripe'] as const;
export type SimulatorName = (typeof SIMULATORS)[number];
export type ProcessName = ServiceName | SimulatorName | 'kafka' | `kafka-${number}` | 'prometheus';

export interface ObserveOptions {
  /** How often Prometheus scrapes and evaluates, in ms. */
  readonly scrapeIntervalMs?: number;
  /** The rules' time runs this many times as fast; absent = the chart's own rules. */
  readonly timeFactor?: number;
}

/** What `observe` adds. */
export interface Observed {
  readonly prometheusUrl: string;
  /** The traces of all services, every one sampled. */
  readonly traces: TraceStore;
}

export interface SandboxOptions {
  /** The variables that choose what runs (credentials, brokers, PORT, services' settings); default the process's own. */
  readonly env?: Environment;
  /** The gateway's port, in place of PORT; 0 = a free one. */
  readonly port?: number;
  /** Address to listen on; default loopback. */
  readonly host?: string;
  /** Keeps Kafka's log for the next start with `keep`; otherwise every start is clean. */
  readonly keep?: boolean;
  /** Restarts a part that dies unexpectedly. */
  readonly restart?: boolean;
  /** False when services and enabler are already built. */
  readonly build?: boolean;
  /** Settings of the sandbox's own brokers, in addition to theirs. */
  readonly kafkaSettings?: Readonly<Record<string, string>>;
  /** Adds a Prometheus with the chart's rules, and collects the services' traces. */
  readonly observe?: boolean | ObserveOptions;
  /** Variables of single services, in addition to the common ones. */
  readonly serviceEnv?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
  /** Aborts the start; everything that was started is stopped. */
  readonly signal?: AbortSignal;
  /** Called for each part that is ready, and for what takes long. */
  readonly onProgress?: (part: string, line: string) => void;
  readonly onDeath?: (death: ProcessDied) => void;
  /** Called for each line that a part logs. */
  readonly onLog?: (part: string, line: string) => void;
}

export interface Sandbox {
  /** Origin of the gateway, as used by a browser. */
  readonly url: string;
  /** Origins of the running services and simulators. */
  readonly urls: Readonly<Record<ServiceName, string> & Partial<Record<SimulatorName, string>>>;
  /** Origins of the services' /livez, /readyz and /metrics. */
  readonly adminUrls: Readonly<Record<ServiceName, string>>;
  /** The environment of every service: addresses and credentials of each side, brokers. */
  readonly env: Readonly<Record<string, string>>;
  /** The broker, unless there are several or an existing cluster is used. */
  readonly kafka: RunningKafka | undefined;
  /** The brokers, when there are several; their parts are `kafka-1` and so on. */
  readonly cluster: RunningCluster | undefined;
  /** Only with `observe`. */
  readonly observed: Observed | undefined;
  /** Names of the parts that are not ready; empty = all are ready. */
  notReady(): Promise<readonly string[]>;
  /** SIGKILL, like the death of a machine; the part stays down until startService. */
  kill(part: ProcessName): Promise<void>;
  /** SIGTERM and waits, as in a rollout; the part stays down until startService. */
  stopService(part: ProcessName): Promise<void>;
  /** Freezes a part (SIGSTOP) until thaw(): its connections stay open, and it answers nothing. */
  freeze(part: ProcessName): void;
  thaw(part: ProcessName): void;
  /** Starts a part that was killed or stopped, on its old port, and resolves when it is ready. */
  startService(part: ProcessName): Promise<void>;
  /** All output of the part. */
  logs(part: ProcessName): Promise<string>;
  /**
   * Stops everything in order: services finish their work, then gateway, simulators, Kafka. Leaves no process and no
   * folder.
   */
  stop(): Promise<void>;
}

/** A value for each service, by name. */
export const eachService = <T>(of: (name: ServiceName) => T) =>
  Object.fromEntries(SERVICES.map((name) => [name, of(name)])) as Record<ServiceName, T>;
