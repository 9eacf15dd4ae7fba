import { InvalidRequestError } from '@connector/errors';
import { invalidJson } from '@connector/http';
import express, { type RequestHandler } from 'express';

/** Largest body of any route, in bytes; the biggest real one has a few hundred. */
const MAX_BODY_BYTES = 64 * 1024;
/** Deepest nesting of any body; the deepest real one has four levels. */
const MAX_DEPTH = 16;

/** Reads a JSON body: 413 above the size limit, 400 for anything that is not JSON, is empty, or nests too deep. */
export const jsonBody = (): RequestHandler[] => [
  (req, _res, next) => {
    const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
    // Saying that JSON comes and sending nothing is a mistake; sending nothing is not.
    if (!hasBody && req.headers['content-type']?.includes('json')) throw invalidJson();
    next();
  },
  express.json({
    limit: MAX_BODY_BYTES,
    verify: (_req, _res, bytes) => {
      if (depthOf(bytes) > MAX_DEPTH) {
        throw new InvalidRequestError('InvalidJsonInput', 'Request body is nested too deep.');
      }
    },
  }),
];

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = Buffer.from('"\\[]{}');

/** Nesting of JSON text, counted before it is parsed; brackets inside strings don't count. */
export function depthOf(json: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth -= 1;
  }
  return deepest;
}
