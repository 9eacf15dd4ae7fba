import type { Dispatcher } from 'undici';

/** An answer with its whole body. */
export interface ReadAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request, from the call to the answer's last byte, a failure, or `abort`. undici calls its methods. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<ReadAnswer>;
  readonly #settle = Promise.withResolvers<ReadAnswer>();
  readonly #chunks: Buffer[] = [];
  #status = 0;
  #headers: ReadAnswer['headers'] = {};
  #controller: Dispatcher.DispatchController | undefined;
  #reason: Error | undefined;

  constructor() {
    this.answer = this.#settle.promise;
  }

  /** Ends the request now, on a connection or while it waits for one. */
  abort(reason: Error): void {
    this.#reason = reason;
    this.#settle.reject(reason);
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#reason) controller.abort(this.#reason);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ReadAnswer['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first = Buffer.alloc(0), ...more] = this.#chunks;
    const body = more.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#settle.resolve({ status: this.#status, headers: this.#headers, text: body.toString('utf8') });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle.reject(error);
  }
}

/**
 * Sends one request and reads its answer whole. It does without undici's own reading, which makes a stream of each
 * answer (docs/adr/0025). Throws undici's errors, a `TimeoutError` when the last byte is missing after `timeoutMs`, and
 * the signal's reason.
 */
export async function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | null | undefined },
): Promise<ReadAnswer> {
  signal?.throwIfAborted();
  const underWay = new Exchange();
  // Not AbortSignal.timeout, which also fires long after the answer, and makes an exception with its stack each time.
  const timer = setTimeout(
    () => underWay.abort(new DOMException('The call took too long.', 'TimeoutError')),
    timeoutMs,
  );
  const onAbort = () => underWay.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    dispatcher.dispatch(options, underWay);
    return await underWay.answer;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
