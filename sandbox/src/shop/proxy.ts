import { type IncomingMessage, request, type ServerResponse } from 'node:http';

/** Passes the request on to `url` and its answer back, as they are; a simulator that does not answer is a 502. */
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
      // An injected reset has to reach the browser as one.
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
