import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { ORIGIN_REFUSED } from '../http/cors.ts';
import { defineRoute } from '../http/route.ts';
import { type PublicConfig, publicConfigSchema } from './operations-config.ts';

const headers = z.object({ origin: z.string().optional() });
const refused = z.object({ error: z.string(), message: z.string() });

/** The public configuration for a page that has no session yet; its origin must be on the list. */
export const expressConfigRoute = (deps: { allowedOrigins: readonly string[]; publicConfig: PublicConfig }) =>
  defineRoute({
    method: 'post',
    path: '/express-config',
    id: 'getExpressConfig',
    summary: 'Configuration for express checkout before there is a session',
    auth: ACCESS['POST /express-config'],
    headers,
    answers: {
      200: { description: 'The configuration', schema: publicConfigSchema },
      403: { description: 'The origin is not allowed, or missing', schema: refused },
    },
    handle: async ({ headers: { origin }, reply }) =>
      origin !== undefined && deps.allowedOrigins.includes(origin)
        ? reply(200, deps.publicConfig)
        : reply(403, ORIGIN_REFUSED),
  });
