import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { CommercetoolsAnswerError } from './client.ts';

/** A request to the storefront and its answer; `id` is the id in the path. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly id: string;
}

export type Route = readonly [method: string, path: RegExp, answer: (exchange: Exchange) => Promise<void> | void];

export function send(res: ServerResponse, status: number, contentType: string, body: string): void {
  res.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff' }).end(body);
}

export const sendJson = (res: ServerResponse, status: number, body: unknown): void =>
  send(res, status, 'application/json; charset=utf-8', JSON.stringify(body));

const MAX_BODY_BYTES = 64 * 1024;

/** Throws SyntaxError when the body is too large or not JSON; no body counts as an empty object. */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new SyntaxError('The body is too large.');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
}

/** The storefront is a page for people who try things, so it says what went wrong. */
export function sendError(res: ServerResponse, error: unknown): void {
  if (res.headersSent) res.destroy();
  else if (error instanceof z.ZodError) sendJson(res, 400, { message: z.prettifyError(error) });
  else if (error instanceof SyntaxError) sendJson(res, 400, { message: 'The body is not valid JSON.' });
  else if (error instanceof CommercetoolsAnswerError)
    sendJson(res, error.status === 404 ? 404 : 502, { message: error.message });
  else sendJson(res, 502, { message: error instanceof Error ? error.message : 'unknown error' });
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * The origin of this shop in the browser. A shop for this machine accepts any of its ports (`kubectl port-forward svc/…
 * 9000:8080`), so that bank and Stripe.js return to that port; no other host is accepted.
 */
export function originOf(req: IncomingMessage, publicUrl: string): string {
  const { origin, host } = new URL(publicUrl);
  const asked = req.headers.host ?? '';
  return LOOPBACK.test(host) && LOOPBACK.test(asked) ? `http://${asked}` : origin;
}
