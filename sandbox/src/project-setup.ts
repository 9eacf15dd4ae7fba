import { createCommercetools, customTypes, ensureTypes } from '@connector/commercetools';
import { createLogger } from '@connector/telemetry';

/** Creates the custom types in the simulated project that a deployment creates in a real one. */
export async function setUpProject(env: Readonly<Record<string, string>>): Promise<void> {
  const { CTP_PROJECT_KEY = '', CTP_CLIENT_ID = '', CTP_CLIENT_SECRET = '', CTP_AUTH_URL = '', CTP_API_URL = '' } = env;
  const config = { CTP_PROJECT_KEY, CTP_CLIENT_ID, CTP_CLIENT_SECRET, CTP_AUTH_URL, CTP_API_URL };
  const commercetools = createCommercetools(config, { log: createLogger('sandbox', 'silent') });
  try {
    const types = customTypes({
      customer: env.CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY ?? 'payment-connector-stripe-customer-id',
      purchaseOrder: env.CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY ?? 'payment-launchpad-purchase-order',
    });
    await ensureTypes(commercetools, types);
  } finally {
    await commercetools.close();
  }
}
