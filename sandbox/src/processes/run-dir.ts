import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAtEnd } from './reaper.ts';

/** Things that outlive a run: downloads, builds, kept logs. */
export const CACHE_DIR = join(import.meta.dirname, '../../../.cache');

/**
 * A folder for one run, removed when this process ends. Folders of earlier runs whose process is gone (after a power
 * cut) are removed as well.
 */
export async function makeRunDir(): Promise<string> {
  const parent = join(CACHE_DIR, 'run');
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const owner = Number(/-(\d+)-/.exec(name)?.[1]);
    if (owner && !isAlive(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const dir = await mkdtemp(join(parent, `sandbox-${process.pid}-`));
  removeAtEnd(dir);
  return dir;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
