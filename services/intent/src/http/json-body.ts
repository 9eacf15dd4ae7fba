import { InvalidRequestError } from '@connector/errors';
import { invalidJson } from '@connector/http';
import express, { type RequestHandler } from 'express';

/** Largest body of any route, in bytes; real bodies have a few hundred. */
const MAX_BODY_BYTES = 64 * 1024;
/** Deepest nesting of any body; real bodies have at most four levels. */
const MAX_DEPTH = 16;

/**
 * Reads a JSON body. Answers 413 above the size limit, 400 for a body that is not JSON, is empty, or is nested too
 * deep.
 */
export const jsonBody = (): RequestHandler[] => [
  (req, _res, next) => {
    const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
    // Announcing JSON and sending nothing is a mistake; sending nothing is not.
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

/** Nesting depth of JSON text, counted before parsing; brackets inside strings do not count. */
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
