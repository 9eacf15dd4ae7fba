import * as z from 'zod';
import chartRoutes from '../../../charts/stripe-connector/files/routes.json' with { type: 'json' };

const routesSchema = z.array(
  z.strictObject({
    path: z.string().regex(/^\/[^?#]*[^/?#]$/),
    /** A prefix matches whole path segments, as in Kubernetes' gateways: `/a` matches `/a` and `/a/b`, not `/ab`. */
    match: z.enum(['exact', 'prefix']),
    service: z.enum(['intent', 'webhook-ingest', 'enabler']),
  }),
);
export type Route = z.infer<typeof routesSchema>[number];
export type RoutedService = Route['service'];

/** The chart's own table of public paths. Throws ZodError when an entry has another form. */
export const readRoutes = (): Route[] => routesSchema.parse(chartRoutes);

/** The service for `path` (without query, case-sensitive); undefined when the path is not public. */
export function serviceFor(routes: readonly Route[], path: string): RoutedService | undefined {
  const isMatch = (route: Route) =>
    path === route.path || (route.match === 'prefix' && path.startsWith(`${route.path}/`));
  // The longer path is the more specific rule, as in Kubernetes' gateways.
  return routes.filter(isMatch).toSorted((a, b) => b.path.length - a.path.length)[0]?.service;
}
