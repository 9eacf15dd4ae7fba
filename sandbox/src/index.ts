export { PINNED_NODE, REPOSITORY } from './build.ts';
export { ConfigProblem } from './environment.ts';
export { PortUnavailable } from './gateway/listen.ts';
export { type ClusterNode, type RunningCluster, startKafkaCluster } from './kafka/cluster.ts';
export { KafkaUnavailable } from './kafka/distribution.ts';
export { type KafkaOptions, type RunningKafka, startKafka } from './kafka/kafka.ts';
export { coordinatorOf, moveLeaders, OFFSETS_TOPIC, type PartitionState, partitionsOf } from './kafka/leaders.ts';
export { INSTALLATION } from './observe/observation.ts';
export { PrometheusUnavailable } from './observe/prometheus.ts';
export type { StoredSpan, TraceStore } from './observe/trace-store.ts';
export { traceText, treeOf } from './observe/trace-tree.ts';
export { freePort } from './processes/free-port.ts';
export { answers, ManagedProcess, ProcessDied, type ProcessOptions } from './processes/managed-process.ts';
export { makeRunDir } from './processes/run-dir.ts';
export { type ServicePorts, serviceProcess, simulatorProcess } from './processes/service-process.ts';
export {
  type Observed,
  type ObserveOptions,
  type ProcessName,
  type Sandbox,
  type SandboxOptions,
  SERVICES,
  type ServiceName,
  type SimulatorName,
} from './sandbox.ts';
export { BEHAVIOR_RULES } from './shop/catalogue.ts';
export { startSandbox } from './start.ts';
