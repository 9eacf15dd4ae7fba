import { ACCESS } from '@connector/contracts';
import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { checkHealth } from '../use-cases/check-health.ts';
import type { HealthCheck } from '../use-cases/ports.ts';

const response = z.object({
  status: z.enum(['OK', 'Partially Available', 'Unavailable']),
  timestamp: z.string(),
  version: z.string(),
  metadata: z.record(z.string(), z.string()),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['UP', 'DOWN']),
      message: z.string().optional(),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

/** Health of everything that payments need, for the Merchant Center; always 200. */
export const operationsStatusRoute = (deps: {
  checks: readonly HealthCheck[];
  timeoutMs: number;
  version: string;
  metadata: Record<string, string>;
}) =>
  defineRoute({
    method: 'get',
    path: '/operations/status',
    id: 'getStatus',
    summary: 'Health of commercetools, Stripe and Kafka as seen by intent',
    auth: ACCESS['GET /operations/status'],
    answers: { 200: { description: 'The checks, also when they failed', schema: response } },
    handle: async ({ reply }) => {
      const { status, checks } = await checkHealth(deps.checks, deps.timeoutMs);
      const { version, metadata } = deps;
      const shown = checks.map(({ details, ...check }) => ({ ...check, ...(details && { details: { ...details } }) }));
      return reply(200, { status, timestamp: new Date().toISOString(), version, metadata, checks: shown });
    },
  });
