import { join } from 'node:path';
import { REPOSITORY } from '../build.ts';
import { answers, type ProcessOptions } from './managed-process.ts';

const loopback = (port: number): string => `http://127.0.0.1:${port}`;

/** Where a service listens: its routes, and /livez, /readyz and /metrics. */
export interface ServicePorts {
  readonly port: number;
  readonly adminPort: number;
}

/** How a service runs from its build, in this repository unless `cwd` says otherwise. */
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

/** How a simulator runs from its sources; `variables` say where it listens and what it believes. */
export const simulatorProcess = (name: string, variables: Readonly<Record<string, string>>) =>
  ({
    args: [join(REPOSITORY, 'simulators', name, 'src/main.ts')],
    env: { ...process.env, ...variables },
    isReady: (printed: string) => printed.includes('ready '),
  }) satisfies Partial<ProcessOptions>;
