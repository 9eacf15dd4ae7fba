import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Address } from './collection.ts';
import { ApiError, invalidInput, invalidJson } from './errors.ts';

/** The path and query of a request. Throws ApiError for an invalid path, such as `//`. */
export function targetOf({ url = '/' }: IncomingMessage): URL {
  if (!URL.canParse(url, 'http://localhost')) throw new ApiError(400, 'InvalidInput', 'The URL cannot be read.');
  return new URL(url, 'http://localhost');
}

export function addressOf(segment: string): Address {
  const name = decodeURIComponent(segment);
  return name.startsWith('key=') ? { key: name.slice('key='.length) } : { id: name };
}

export function versionOf(params: URLSearchParams): number {
  const version = params.get('version');
  if (version === null) throw invalidInput("Missing required parameter 'version'.");
  return Number(version);
}

export async function text(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export const form = async (req: IncomingMessage): Promise<URLSearchParams> => new URLSearchParams(await text(req));

export function json(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidJson(error.message);
    throw error;
  }
}

export function checked<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (!result.success) throw invalidInput(z.prettifyError(result.error));
  return result.data;
}

/** Status and headers are set, but not written, so that a fault that loses the answer can still replace them. */
export function send(res: ServerResponse, status: number, body: unknown): void {
  if (res.destroyed) return;
  const payload = JSON.stringify(body ?? {});
  res.statusCode = status;
  res.setHeader('content-type', 'application/json; charset=utf-8');
  res.setHeader('content-length', Buffer.byteLength(payload));
  res.end(payload);
}

export async function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await done;
}
