import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface RelayedCall {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
  /** What the caller was answered. */
  readonly status: number;
  readonly answer: string;
  /** What `mirror` answered to the same request; absent without one. */
  readonly mirrored?: { readonly status: number; readonly body: string };
}

/** An answer given instead of the real one, to requests whose `METHOD /path?query` matches. */
export interface Bend {
  readonly match: RegExp;
  readonly status: number;
  readonly body: unknown;
}

const NOT_PASSED_ON = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding']);

/** Stands between the services and a server they call: notes each request, may answer in its place, may show it to a second one. */
export class Relay {
  readonly calls: RelayedCall[] = [];
  bends: readonly Bend[] = [];
  /** Origin of a second server that gets every request too; its answers are only noted. */
  mirror: string | undefined;
  readonly #target: string;
  readonly #server: Server;

  /** Relays to the origin `target`. */
  static async start(target: string): Promise<Relay> {
    const relay = new Relay(target);
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((req, res) => {
      // Whoever was called or called has gone: the other sees a cut connection, as it would without the relay.
      this.#serve(req, res).catch(() => res.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await buffer(req);
    const { method = 'GET', url: path = '/', headers } = req;
    const request = { method, path, body: body.toString(), headers };
    const bend = this.bends.find(({ match }) => match.test(`${method} ${path}`));
    if (bend) {
      const answer = JSON.stringify(bend.body);
      this.calls.push({ ...request, status: bend.status, answer });
      res.writeHead(bend.status, { 'content-type': 'application/json' }).end(answer);
      return;
    }
    const [answer, seen] = await Promise.all([
      passOn(this.#target, req, body),
      this.mirror ? passOn(this.mirror, req, body) : undefined,
    ]);
    const mirrored = seen && { status: seen.status, body: seen.body.toString() };
    const { status } = answer;
    this.calls.push({ ...request, status, answer: answer.body.toString(), ...(mirrored && { mirrored }) });
    res.statusCode = status;
    for (const [name, value] of answer.headers) if (!NOT_PASSED_ON.has(name)) res.setHeader(name, value);
    res.end(answer.body);
  }
}

async function passOn(origin: string, req: IncomingMessage, body: Buffer) {
  const headers = Object.entries(req.headers).flatMap(([name, value]) =>
    NOT_PASSED_ON.has(name) || value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const { method = 'GET', url = '/' } = req;
  const answer = await fetch(origin + url, { method, headers, ...(body.length > 0 && { body: new Uint8Array(body) }) });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}
