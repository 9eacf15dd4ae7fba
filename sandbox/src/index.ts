export { ConfigProblem } from './environment.ts';
export { PortUnavailable } from './gateway/gateway.ts';
export { KafkaUnavailable } from './kafka/distribution.ts';
export { type KafkaOptions, type RunningKafka, startKafka } from './kafka/kafka.ts';
export { freePort } from './processes/free-port.ts';
export { PartDied } from './processes/part.ts';
export {
  type PartName,
  type Sandbox,
  type SandboxOptions,
  SERVICES,
  type ServiceName,
  type SimulatorName,
  startSandbox,
} from './start.ts';
