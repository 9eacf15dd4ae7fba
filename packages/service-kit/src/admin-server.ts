import { createServer } from 'node:http';
import { type Logger, register } from '@connector/telemetry';
import { closeServer, listen } from './http-server.ts';
import { type Part, shutdown } from './lifecycle.ts';

/**
 * The server that only the cluster sees: `/livez` (503 when a part is dead), `/readyz` (503 while a part is not ready or the
 * process goes down) and `/metrics`. It depends on nothing outside the process.
 */
export function createAdminServer(options: {
  log: Logger;
  port: number;
  parts: readonly Part[];
}): Part & { readonly port: number } {
  let port = options.port;
  const problems = (ask: 'dead' | 'notReady') =>
    options.parts.flatMap((part) => {
      const reason = part[ask]?.();
      return reason ? [{ part: part.name, reason }] : [];
    });
  const answers: Record<string, () => { status: number; problems: unknown }> = {
    '/livez': () => {
      const dead = problems('dead');
      return { status: dead.length > 0 ? 503 : 200, problems: dead };
    },
    '/readyz': () => {
      const open = problems('notReady');
      if (shutdown.requested) open.push({ part: 'process', reason: 'is shutting down' });
      return { status: open.length > 0 ? 503 : 200, problems: open };
    },
  };
  const server = createServer(async (req, res) => {
    const path = req.url?.split('?')[0] ?? '';
    const answer = answers[path]?.();
    if (answer) {
      res.writeHead(answer.status, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ status: answer.status === 200 ? 'ok' : 'unavailable', problems: answer.problems }));
    } else if (path === '/metrics') {
      const text = await register.metrics();
      res.writeHead(200, { 'content-type': register.contentType }).end(text);
    } else {
      res.writeHead(404).end();
    }
  });
  return {
    name: 'admin server',
    get port() {
      return port;
    },
    start: async () => {
      port = await listen(server, options.port);
      options.log.info({ port }, 'health and metrics are served');
    },
    stop: () => closeServer(server),
  };
}
