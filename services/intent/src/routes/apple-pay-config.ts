import { ACCESS } from '@connector/contracts';
import { NotFoundError } from '@connector/errors';
import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { errorSchema } from '../http/schemas.ts';

/** Apple's domain association file, to be served by the shop under /.well-known. */
export const applePayConfigRoute = ({ wellKnown }: { wellKnown: string | undefined }) =>
  defineRoute({
    method: 'get',
    path: '/applePayConfig',
    id: 'getApplePayConfig',
    summary: "Text of Apple's domain association file",
    auth: ACCESS['GET /applePayConfig'],
    answers: {
      200: { description: 'The text', schema: z.string(), contentType: 'text/plain' },
      404: { description: 'None is configured', schema: errorSchema },
    },
    handle: async ({ reply }) => {
      if (!wellKnown) throw new NotFoundError('No domain association is configured.');
      return reply(200, wellKnown);
    },
  });
