import { join } from 'node:path';
import { REPOSITORY } from '../build.ts';
import { answers, type ProcessOptions } from './managed-process.ts';

const loopback = (port: number): string => `http://127.0.0.1:${port}`;

/** The addresses of a service: its routes, and /livez, /readyz and /metrics. */
export interface ServicePorts {
  readonly port: number;
  readonly adminPort: number;
}

/** The command that runs a service from its build, in this repository unless `cwd` says otherwise. */
export function serviceProcess(
  service: string,
  { port, adminPort }: ServicePorts,
  env: NodeJS.ProcessEnv,
  cwd = join(REPOSITORY, 'services', service),
) {
  const adminUrl = loopback(adminPort);
  return {
    args: ['dist/main.js'],
    cwd,
    env: { ...env, HTTP_PORT: String(port), METRICS_PORT: String(adminPort), METRICS_HOST: '127.0.0.1' },
    isReady: () => answers(`${adminUrl}/readyz`),
  } satisfies Partial<ProcessOptions>;
}

/** The command that runs a simulator from its sources; `variables` are its addresses and credentials. */
export const simulatorProcess = (name: string, variables: Readonly<Record<string, string>>) =>
  ({
    args: [join(REPOSITORY, 'simulators', name, 'src/main.ts')],
    env: { ...process.env, ...variables },
    isReady: (printed: string) => printed.includes('ready '),
  }) satisfies Partial<ProcessOptions>;
