import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The moment when a process dies, relative to one of its calls. */
export const MOMENTS = ['before', 'done', 'answered'] as const;
export type Moment = (typeof MOMENTS)[number];

export interface Killing {
  /** Which call, from 1; counted over all sides, or only over calls that match `of` (`POST /v1/refunds`). */
  readonly call: number;
  readonly of?: RegExp;
  /**
   * Before the call arrives; after it is done but before its answer; or directly after its answer, while the next step
   * (a note in Kafka) is under way.
   */
  readonly moment: Moment;
  readonly kill: () => void;
}

/** A proxy between one process and the sides that it calls; it kills the process at one of the calls. */
export class KillingProxy {
  readonly #servers: Server[] = [];
  #calls = 0;
  killing: Killing | undefined;
  /** The call at which it killed the process. */
  killedAt: string | undefined;

  get calls(): number {
    return this.#calls;
  }

  /** Returns the origin that leads to `target` through this proxy. */
  async to(target: string): Promise<string> {
    const server = createServer((req, res) => this.#pass(target, req, res));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }

  #pass(target: string, req: IncomingMessage, res: ServerResponse): void {
    const what = `${req.method} ${new URL(req.url ?? '/', target).pathname}`;
    if (this.killing?.of?.test(what) ?? true) this.#calls += 1;
    const isIt = this.killing?.call === this.#calls && (this.killing.of?.test(what) ?? true);
    const killing = isIt ? this.killing : undefined;
    const name = what.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id');
    const kill = () => {
      this.killedAt = `${killing?.moment} ${name.replace(/(pi|ch|re)_\w+/g, ':id')}`;
      killing?.kill();
    };
    if (killing?.moment === 'before') {
      kill();
      return;
    }
    const onward = request(`${target}${req.url}`, {
      method: req.method,
      headers: { ...req.headers, host: new URL(target).host },
    });
    req.pipe(onward);
    onward.on('error', () => res.destroy());
    onward.on('response', (answer) => {
      if (killing?.moment === 'done') {
        answer.resume();
        answer.once('end', kill);
        return;
      }
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
      // By then the process has read the answer and taken its next step.
      if (killing) res.once('finish', () => setTimeout(kill, 2));
    });
  }
}
