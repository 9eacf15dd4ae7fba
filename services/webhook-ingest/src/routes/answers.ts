import type { IncomingMessage, ServerResponse } from 'node:http';
import { count } from '../webhook-metrics.ts';

/** How long a refused upload is still read and dropped, in ms, so that its sender can read the answer. */
const LINGER_MS = 2_000;

/** Stripe repeats what is not answered with 2xx, for three days. */
export function tryLater(
  req: IncomingMessage,
  res: ServerResponse,
  type: string,
  outcome: 'overloaded' | 'unavailable',
): void {
  count(type, outcome);
  res.setHeader('retry-after', '1');
  if (req.complete) answer(res, 503, TRY_LATER);
  else endUpload(req, res, 503, TRY_LATER);
}

export const THIN =
  'this endpoint is a v2 event destination with thin payloads, which show no payment; snapshot payloads are needed. ' +
  'Make a destination with snapshot payloads in the Dashboard, or run setup.';
export const TRY_LATER = 'The event could not be stored. Please send it again.';

/** Answers while the body is still arriving and closes the connection at once, to free memory. */
export const endConnection = (res: ServerResponse, status: number, text: string): void => {
  res.writeHead(status, { ...headersOf(text), connection: 'close' }).end(text);
};

export const webhookError = (res: ServerResponse, status: number, reason: string) =>
  answer(res, status, `Webhook Error: ${reason}`);

export const ok = (res: ServerResponse): void => {
  res.writeHead(200, { 'content-length': 0 }).end();
};

const answer = (res: ServerResponse, status: number, text: string): void => {
  res.writeHead(status, headersOf(text)).end(text);
};

const headersOf = (text: string) => ({
  'content-type': 'text/plain; charset=utf-8',
  'content-length': Buffer.byteLength(text),
});

/**
 * Answers while the body is still arriving, then closes the connection. An immediate close would reset the connection,
 * and the sender would not see the answer; so the rest of the body is read and dropped for a moment.
 */
export function endUpload(req: IncomingMessage, res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { ...headersOf(text), connection: 'close' });
  res.write(text);
  const end = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.once('end', end).once('close', end).resume();
}
