import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RelayedCall {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
  /** What the caller was answered. */
  readonly status: number;
  readonly answer: string;
  /** What `mirror` answered to the same request; undefined without one. */
  readonly mirrored?: { readonly status: number; readonly body: string };
}

/** An answer given instead of the real one, to requests whose `METHOD /path?query` matches. */
export interface Bend {
  readonly match: RegExp;
  readonly status: number;
  readonly body: unknown;
}

/** Stands between the services and a server they call: notes each request, may answer in its place, may show it to a second one. */
export interface Relay {
  readonly url: string;
  readonly calls: RelayedCall[];
  bends: readonly Bend[];
  close(): Promise<void>;
}

const NOT_PASSED_ON = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding']);

/** Relays to the origin `target`. `mirror` gets every request too; its answers are only noted. */
export async function startRelay(target: string, { mirror }: { mirror?: string } = {}): Promise<Relay> {
  const calls: RelayedCall[] = [];
  const relay = { calls, bends: [] as readonly Bend[] };

  const pass = async (origin: string, req: IncomingMessage, body: Buffer) => {
    const headers = Object.entries(req.headers).flatMap(([name, value]) =>
      NOT_PASSED_ON.has(name) || value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    const { method = 'GET', url = '/' } = req;
    const answer = await fetch(origin + url, {
      method,
      headers,
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  };

  const server = createServer((req, res) => {
    // Whoever was called or called has gone: the other sees a cut connection, as it would without the relay.
    serve(req, res).catch(() => res.destroy());
  });
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = 'GET', url: path = '/' } = req;
    const { headers } = req;
    const note = (status: number, answer: string, mirrored?: RelayedCall['mirrored']) =>
      calls.push({ method, path, body: body.toString(), headers, status, answer, ...(mirrored && { mirrored }) });
    const bend = relay.bends.find(({ match }) => match.test(`${method} ${path}`));
    if (bend) {
      const answer = JSON.stringify(bend.body);
      note(bend.status, answer);
      res.writeHead(bend.status, { 'content-type': 'application/json' }).end(answer);
      return;
    }
    const [answer, seen] = await Promise.all([pass(target, req, body), mirror ? pass(mirror, req, body) : undefined]);
    note(answer.status, answer.body.toString(), seen && { status: seen.status, body: seen.body.toString() });
    res.statusCode = answer.status;
    for (const [name, value] of answer.headers) if (!NOT_PASSED_ON.has(name)) res.setHeader(name, value);
    res.end(answer.body);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(relay, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
