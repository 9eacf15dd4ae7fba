import { type IncomingMessage, request, type ServerResponse } from 'node:http';

/**
 * Forwards the request to `url` and its answer back, both unchanged. When the simulator does not answer, the answer is
 * 502.
 */
export function proxy(req: IncomingMessage, res: ServerResponse, url: string): Promise<void> {
  return new Promise((resolve) => {
    const target = new URL(url);
    const upstream = request(
      target,
      { method: req.method, headers: { ...req.headers, host: target.host } },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      },
    );
    upstream.on('error', (error) => {
      // An injected reset must reach the browser as a reset.
      if (res.headersSent || 'code' in error) res.destroy();
      else res.writeHead(502).end();
      resolve();
    });
    res.once('close', () => {
      upstream.destroy();
      resolve();
    });
    req.pipe(upstream);
  });
}
