import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** Headers for one hop only (RFC 9110 §7.6.1); `expect` was already answered when the request arrived. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Raw headers without those of this hop, including the ones that `connection` names. Order and case stay. */
function endToEnd(rawHeaders: readonly string[], connection: string | undefined): string[] {
  const named = new Set(
    connection
      ?.toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!HOP_BY_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/** Forwards requests to one origin over kept connections. Bodies are streamed both ways, unchanged. */
export function createProxy(origin: string) {
  const { hostname, port } = new URL(origin);
  const agent = new Agent({ keepAlive: true });

  return {
    /**
     * `onUnreachable` answers when the other side did not. After its answer has begun, a failure closes the client's
     * connection.
     */
    pass(req: IncomingMessage, res: ServerResponse, onUnreachable: () => void): void {
      const headers = endToEnd(req.rawHeaders, req.headers.connection).concat(forwarded(req));
      if (req.headers['transfer-encoding'] !== undefined) headers.push('transfer-encoding', 'chunked');
      const upstream = request({ agent, hostname, port, method: req.method, path: req.url, headers });
      let isAnswered = false;
      upstream.once('response', (answer) => {
        isAnswered = true;
        res.writeHead(
          answer.statusCode ?? 502,
          answer.statusMessage,
          endToEnd(answer.rawHeaders, answer.headers.connection),
        );
        answer.pipe(res);
        answer.once('error', () => res.destroy());
      });
      upstream.on('error', () => {
        // A service may answer and close before it has read a body that is too large; that answer counts.
        if (!isAnswered && !res.destroyed) onUnreachable();
      });
      // The client disconnected, so the service may stop too.
      res.once('close', () => {
        if (!res.writableFinished) upstream.destroy();
      });
      req.pipe(upstream);
    },
    close: () => agent.destroy(),
  };
}

/**
 * Headers about the client that the next server cannot see itself. Values from the client stay in front, as with other
 * proxies.
 */
function forwarded(req: IncomingMessage): string[] {
  return [
    'x-forwarded-for',
    req.socket.remoteAddress ?? 'unknown',
    ...(req.headers['x-forwarded-proto'] ? [] : ['x-forwarded-proto', 'http']),
    ...(req.headers['x-forwarded-host'] || !req.headers.host ? [] : ['x-forwarded-host', req.headers.host]),
  ];
}
