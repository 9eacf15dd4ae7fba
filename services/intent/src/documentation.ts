import { parseConfig } from '@connector/lifecycle';
import { createLogger } from '@connector/telemetry';
import { type Ports, routeDefinitions } from './app.ts';
import { configSchema } from './config.ts';
import { openApiDocument } from './openapi.ts';

/** A valid configuration for code that needs one and makes no calls. */
export const EXAMPLE_ENVIRONMENT = {
  KAFKA_BROKERS: 'kafka:9092',
  CTP_PROJECT_KEY: 'project',
  CTP_CLIENT_ID: 'client',
  CTP_CLIENT_SECRET: 'secret',
  CTP_AUTH_URL: 'https://auth.europe-west1.gcp.commercetools.com',
  CTP_API_URL: 'https://api.europe-west1.gcp.commercetools.com',
  STRIPE_SECRET_KEY: 'sk_test_x',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_x',
  MERCHANT_RETURN_URL: 'https://shop.example/return',
  ALLOWED_ORIGINS: 'https://shop.example',
  SESSION_AUTH_URL: 'http://session-auth:8080',
} as const;

/** The text of docs/openapi.json. No route is called for it, so no ports are needed. */
export function documentText(): string {
  const config = parseConfig(configSchema, EXAMPLE_ENVIRONMENT);
  const ports = { healthChecks: [] } as unknown as Ports;
  const log = createLogger('intent', 'silent');
  const definitions = routeDefinitions({ config, ports, inBackground: () => {}, log });
  return `${JSON.stringify(openApiDocument(definitions), null, 2)}\n`;
}
