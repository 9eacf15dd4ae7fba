import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The sidecar of a mesh that can be asked to end. */
export interface Sidecar extends AsyncDisposable {
  /** For `jobs.quitSidecarUrl`. */
  readonly url: string;
  /** What it was asked, as `METHOD /path`. */
  readonly asked: readonly string[];
}

export async function startSidecar(): Promise<Sidecar> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/quitquitquit`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs Node with a container's arguments; answers its exit code. */
export async function exitCodeOf(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const [code] = (await once(spawn(process.execPath, [...args], { env }), 'close')) as [number];
  return code;
}
