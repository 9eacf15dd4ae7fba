import { join } from 'node:path';
import { chartRules, scaledRules } from '@connector/monitoring';
import type { Children } from '../processes/children.ts';
import { freePort } from '../processes/free-port.ts';
import { type SandboxOptions, SERVICES, type ServiceName } from '../sandbox.ts';
import { INSTALLATION } from './observation.ts';
import { prometheus } from './prometheus.ts';

/**
 * A Prometheus with the chart's rules that scrapes the services; returns its origin. Throws PrometheusUnavailable, or
 * ProcessDied.
 */
export async function startPrometheus(
  children: Children,
  { observe, restart = false, onDeath }: SandboxOptions,
  dir: string,
  adminUrls: Readonly<Record<ServiceName, string>>,
): Promise<string> {
  const { scrapeIntervalMs = 5_000, timeFactor } = typeof observe === 'object' ? observe : {};
  const { namespace, release } = INSTALLATION;
  const start = async () => {
    const server = await prometheus({
      dir: join(dir, 'prometheus'),
      port: await freePort(),
      targets: SERVICES.map((name) => ({ job: `${release}-${name}`, namespace, adminUrl: adminUrls[name] })),
      rules: timeFactor ? scaledRules(INSTALLATION, timeFactor) : chartRules(INSTALLATION),
      scrapeIntervalMs,
      restart,
      onDeath,
    });
    children.add('prometheus', server);
    await children.start(server);
    return server;
  };
  const { url } = await children.comingUp('prometheus', start, (server) => `with the chart's alerts at ${server.url}`);
  return url;
}
