import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { createStripe, type StripeClient } from '@connector/stripe';
import { createLogger } from '@connector/telemetry';
import { itIsStripe } from '@connector/testing/conformance/stripe';
import { afterAll, beforeAll, describe } from 'vitest';

describe('the client before the simulated Stripe', () => {
  let simulator: StripeSimulator;
  let client: StripeClient;

  beforeAll(async () => {
    simulator = await startStripeSimulator();
    const config = { STRIPE_SECRET_KEY: 'sk_test_conformance', STRIPE_API_BASE: simulator.url };
    client = createStripe(config, { log: createLogger('test', 'silent') });
  });
  afterAll(async () => {
    await client?.close();
    await simulator?.close();
  });

  itIsStripe(() => client);
});
