import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range of outgoing connections' ports, so that none takes a port before its server listens. Parallel stages
 * of `npm test` each have a part of the range, in FREE_PORTS, because their servers would collide for the same reason.
 */
const [FIRST = 20_000, LAST = 31_999] = process.env.FREE_PORTS?.split('-').map(Number) ?? [];

/** Ports returned by this process; their servers may not listen yet. */
const taken = new Set<number>();

/**
 * A port that nothing listens on and that was not returned before. Throws when a hundred random ports are all taken.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(FIRST, LAST + 1);
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${FIRST} and ${LAST}`);
}

/** Checked on all addresses at once, because the services listen on all. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
