import type { Commercetools } from '@connector/commercetools';
import type { Producer } from '@connector/kafka';
import type { StripeClient } from '@connector/stripe';
import { HealthProblem } from '../domain/health-problem.ts';
import type { HealthCheck } from '../use-cases/ports.ts';

/** Permissions that the connector's API client needs, without the project's key. */
export const REQUIRED_PERMISSIONS = [
  'manage_payments',
  'view_sessions',
  'view_api_clients',
  'manage_orders',
  'introspect_oauth_tokens',
  'manage_checkout_payment_intents',
  'manage_types',
  'manage_payment_methods',
  'manage_recurring_payment_jobs',
] as const;

/** Gets a fresh token and checks that its scopes include every permission; `manage_project` includes all. */
export const commercetoolsPermissions = ({
  projectKey,
  tokens,
}: Pick<Commercetools, 'projectKey' | 'tokens'>): HealthCheck => ({
  name: 'commercetools permissions',
  check: async () => {
    const { scope } = await tokens.request();
    const actual = new Set(scope.split(' '));
    const expected = REQUIRED_PERMISSIONS.map((permission) => `${permission}:${projectKey}`);
    const isComplete = actual.has(`manage_project:${projectKey}`) || expected.every((one) => actual.has(one));
    if (isComplete) return { details: { scope } };
    const expectedScopes = expected.join(' ');
    throw new HealthProblem(`expected scopes: ${expectedScopes}, actual scopes: ${scope}`, {
      expectedScopes,
      actualScopes: scope,
      reason: 'scopes not available',
    });
  },
});

/** A cheap read that every key may do. */
export const stripeStatus = ({ call }: Pick<StripeClient, 'call'>): HealthCheck => ({
  name: 'Stripe Status check',
  check: async () => {
    await call('balance.retrieve', (stripe) => stripe.balance.retrieve());
    return { message: 'Stripe api is working' };
  },
});

/** Checks that events can be made durable: the producer is connected, and the last send worked. */
export const kafkaStatus = (producer: Pick<Producer, 'healthy'>): HealthCheck => ({
  name: 'Kafka Status check',
  check: async () => {
    if (!producer.healthy) throw new HealthProblem('Kafka does not take records', { reason: 'producer not healthy' });
    return { message: 'Kafka takes records' };
  },
});
