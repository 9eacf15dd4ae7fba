export { chaosTables, isClean } from './chaos-report.ts';
export { type ChaosOptions, type ChaosReport, runChaos } from './run-chaos.ts';
