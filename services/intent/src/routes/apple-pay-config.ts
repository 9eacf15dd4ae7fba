import { NotFoundError } from '@connector/service-kit';
import { z } from 'zod';
import { defineRoute } from '../http/route.ts';

/** Apple's domain association file, to be served by the shop under /.well-known. */
export const applePayConfigRoute = ({ wellKnown }: { wellKnown: string | undefined }) =>
  defineRoute({
    method: 'get',
    path: '/applePayConfig',
    id: 'getApplePayConfig',
    summary: "Text of Apple's domain association file",
    auth: { scheme: 'open' },
    answers: { 200: { description: 'The text', schema: z.string(), contentType: 'text/plain' } },
    handle: async ({ reply }) => {
      if (!wellKnown) throw new NotFoundError('No domain association is configured.');
      return reply(200, wellKnown);
    },
  });
