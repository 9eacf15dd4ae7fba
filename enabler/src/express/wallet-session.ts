import { NotReadyError } from '../errors.ts';
import type { Texts } from '../messages.ts';
import type { ExpressOptions } from '../payment-enabler.ts';

/** The session that pays while a wallet is open. Answers for an earlier opening are discarded. */
export class WalletSession {
  readonly #askHost: ExpressOptions['onPayButtonClick'];
  readonly #given: string | undefined;
  readonly #text: Texts;
  /** Counts openings and closings. */
  #opened = 0;
  #opening: Promise<string> | undefined;
  #id: string | undefined;
  #known: string | undefined;

  /** `given` is the session that the page had from the start. */
  constructor(askHost: ExpressOptions['onPayButtonClick'], given: string | undefined, text: Texts) {
    this.#askHost = askHost;
    this.#given = given;
    this.#text = text;
    this.#id = given;
  }

  /** The session for calls to the processor. */
  get id(): string | undefined {
    return this.#id;
  }

  /** The session of the last wallet. The cart can be read with it before the host names the next one. */
  get known(): string | undefined {
    return this.#known;
  }

  /**
   * A wallet opens: asks the host for the session that pays. Rejects when the host has none, or the wallet was closed
   * meanwhile.
   */
  open(): Promise<string> {
    this.#opened += 1;
    return this.#ask();
  }

  /** The session of the open wallet. The host is asked again when its first answer failed. */
  async current(): Promise<string> {
    const isOpen = this.stillOpen();
    if (!this.#opening) return this.#ask();
    return this.#opening.catch((error: unknown) => {
      if (!isOpen()) throw error;
      return this.#ask();
    });
  }

  close(): void {
    this.#opened += 1;
    this.#opening = undefined;
    this.#id = this.#given;
  }

  /** Returns a function that says whether the present wallet is still open. */
  stillOpen(): () => boolean {
    const mine = this.#opened;
    return () => mine === this.#opened;
  }

  #ask(): Promise<string> {
    const isOpen = this.stillOpen();
    this.#opening = Promise.resolve()
      .then(() => this.#askHost())
      .then((answer) => {
        if (!answer?.sessionId) throw new TypeError('onPayButtonClick answered no sessionId');
        if (!isOpen()) throw new NotReadyError('stale_session', { message: this.#text('cancelled') });
        this.#id = answer.sessionId;
        this.#known = answer.sessionId;
        return answer.sessionId;
      });
    return this.#opening;
  }
}
