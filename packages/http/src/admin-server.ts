import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Part, shutdown } from '@connector/lifecycle';
import { LOG_LEVELS, type Logger, register } from '@connector/telemetry';
import { closeServer, listen } from './http-server.ts';

/**
 * The server that only the cluster sees: `/livez` (503 when a part is dead), `/readyz` (503 while a part is not ready or the
 * process goes down), `/metrics`, and `/loglevel`: GET tells the level, PUT with a level as its body changes it until the process ends.
 * It depends on nothing outside the process.
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
    } else if (path === '/loglevel') {
      await serveLogLevel(options.log, req, res);
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

/** A level's name is all that is taken. */
const MAX_BODY_BYTES = 64;

async function serveLogLevel(log: Logger, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const answer = (status: number, body: object) =>
    res.writeHead(status, { 'content-type': 'application/json', allow: 'GET, PUT' }).end(JSON.stringify(body));
  if (req.method === 'GET') return void answer(200, { level: log.level });
  if (req.method !== 'PUT') return void answer(405, { message: 'GET tells the level, PUT changes it' });
  // Not read at all when it is longer: nobody means a level by it.
  const isShort = Number(req.headers['content-length'] ?? Number.NaN) <= MAX_BODY_BYTES;
  const wanted = isShort ? (await text(req)).trim() : '';
  const level = LOG_LEVELS.find((each) => each === wanted);
  if (!level) return void answer(400, { message: `the body must be one of ${LOG_LEVELS.join(', ')}` });
  changeLogLevel(log, level, req.socket.remoteAddress ?? '');
  answer(200, { level });
}

/** The change itself is logged at whichever of the two levels shows it. */
function changeLogLevel(log: Logger, level: (typeof LOG_LEVELS)[number], by: string): void {
  const before = log.level;
  const tell = () => log.warn({ before, after: level, by }, 'the log level was changed, until the process ends');
  if (log.isLevelEnabled('warn')) tell();
  log.level = level;
  const wasHidden = !['trace', 'debug', 'info', 'warn'].includes(before);
  if (wasHidden) tell();
}
