import { Agent, request as send } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each caller knows what it asked for
  readonly json: any;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that failed twice. */
class FailedTwice extends Error {
  override readonly name = 'FailedTwice';
}

const ANSWER_WITHIN_MS = 30_000;
const REPEAT_AFTER_MS = 500;

/** A client outside the cluster: it calls the ingress by the public host name, and repeats a failed request once. */
export class Client {
  readonly #at: URL;
  readonly #host: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  requests = 0;
  /** Repeated requests, with the reasons. */
  readonly repeated: string[] = [];
  readonly failedTwice: string[] = [];

  /** `at`: where the ingress answers; `host`: the name under which it knows the release. */
  constructor(at: string, host: string) {
    this.#at = new URL(at);
    this.#host = host;
  }

  /** The answer, whatever its status. Throws Error when there is none. */
  once(method: string, path: string, { body, headers = {} }: RequestOptions = {}): Promise<Answer> {
    const isForm = body instanceof URLSearchParams;
    const text = body === undefined ? undefined : isForm ? body.toString() : JSON.stringify(body);
    const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
    return new Promise((resolve, reject) => {
      const outgoing = send(
        new URL(path, this.#at),
        {
          method,
          agent: this.#agent,
          timeout: ANSWER_WITHIN_MS,
          headers: {
            ...headers,
            host: this.#host,
            ...(text !== undefined && {
              'content-type': type,
              'content-length': Buffer.byteLength(text),
            }),
          },
        },
        (incoming) => {
          let answer = '';
          incoming.setEncoding('utf8').on('data', (chunk: string) => {
            answer += chunk;
          });
          incoming.once('error', reject);
          incoming.once('end', () => {
            const isJson = incoming.headers['content-type']?.includes('json');
            resolve({ status: incoming.statusCode ?? 0, text: answer, json: isJson ? JSON.parse(answer) : undefined });
          });
        },
      );
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)));
      outgoing.once('error', reject);
      outgoing.end(text);
    });
  }

  /**
   * A 2xx answer; after a 5xx or no answer the request is repeated once. Throws FailedTwice, or Error on any other
   * refusal.
   */
  async ask(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    this.requests += 1;
    const attempt = async (): Promise<Answer | string> => {
      try {
        const answer = await this.once(method, path, options);
        return answer.status >= 500 ? `${answer.status} ${answer.text.slice(0, 200)}` : answer;
      } catch (error) {
        return (error as Error).message;
      }
    };
    let result = await attempt();
    if (typeof result === 'string') {
      const name = `${method} ${path.replace(/[0-9a-f-]{36}/g, ':id').replace(/(pi|ch)_\w+/g, ':id')}`;
      const line = `${new Date().toISOString()} ${name}: ${result}`;
      this.repeated.push(line);
      await sleep(REPEAT_AFTER_MS);
      result = await attempt();
      if (typeof result === 'string') {
        this.failedTwice.push(`${line}, then ${result}`);
        throw new FailedTwice(`${name} failed twice: ${result}`);
      }
    }
    if (result.status >= 300)
      throw new Error(`${method} ${path} answered ${result.status}: ${result.text.slice(0, 300)}`);
    return result;
  }

  close = (): void => this.#agent.destroy();
}
