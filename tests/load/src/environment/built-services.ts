import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PINNED_NODE, REPOSITORY } from '@connector/sandbox';

/** What an environment can start; all have to be built. */
export const SERVICES = ['session-auth', 'intent', 'webhook-ingest', 'ledger'] as const;
export type Service = (typeof SERVICES)[number];

/** Builds every service of a checkout from its sources. Throws Error when one does not build. */
export async function buildServices(checkout = REPOSITORY): Promise<void> {
  for (const service of SERVICES) {
    const cwd = join(checkout, 'services', service);
    await promisify(execFile)(PINNED_NODE, [join(checkout, 'scripts/build-service.mjs')], { cwd });
  }
}

/** Copies a checkout's built services into `dir`, so that a build that is made meanwhile does not pull them away. */
export async function copyServices(checkout: string, dir: string): Promise<void> {
  for (const service of SERVICES)
    await cp(join(checkout, 'services', service, 'dist'), join(dir, service, 'dist'), { recursive: true });
}
