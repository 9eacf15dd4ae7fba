import { NotReadyError } from '../errors.ts';
import type { Texts } from '../messages.ts';
import type { ExpressOptions } from '../payment-enabler.ts';

/** Which session pays while a wallet is open. What an earlier opening still answers is stale. */
export interface WalletSession {
  /** A wallet opens: asks the host which session pays. Rejects when the host has none, or the wallet was closed meanwhile. */
  open(): Promise<string>;
  /** The session of the open wallet; the host is asked once more when its first answer failed. */
  current(): Promise<string>;
  close(): void;
  /** The session to call the processor with. */
  readonly id: string | undefined;
  /** The session that the last wallet had; the cart can be read with it before the host names the next one. */
  readonly known: string | undefined;
  /** Answers whether the wallet that is open now still is. */
  stillOpen(): () => boolean;
}

export function createWalletSession(
  askHost: ExpressOptions['onPayButtonClick'],
  given: string | undefined,
  text: Texts,
): WalletSession {
  let opened = 0;
  let opening: Promise<string> | undefined;
  let id = given;
  let known: string | undefined;

  const stillOpen = () => {
    const mine = opened;
    return () => mine === opened;
  };

  function ask(): Promise<string> {
    const isOpen = stillOpen();
    opening = Promise.resolve()
      .then(() => askHost())
      .then((answer) => {
        if (!answer?.sessionId) throw new TypeError('onPayButtonClick answered no sessionId');
        if (!isOpen()) throw new NotReadyError('stale_session', { message: text('cancelled') });
        id = answer.sessionId;
        known = id;
        return id;
      });
    return opening;
  }

  return {
    open() {
      opened += 1;
      return ask();
    },
    async current() {
      const isOpen = stillOpen();
      if (!opening) return ask();
      return opening.catch((error: unknown) => {
        if (!isOpen()) throw error;
        return ask();
      });
    },
    close() {
      opened += 1;
      opening = undefined;
      id = given;
    },
    get id() {
      return id;
    },
    get known() {
      return known;
    },
    stillOpen,
  };
}
