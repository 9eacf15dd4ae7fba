import { HELP_OPTION, optionsOrExit, parseOptions } from '@connector/cli';
import { createCommercetools, customTypes, ensureTypes } from '@connector/commercetools';
import { readConfig } from '@connector/lifecycle';
import { createLogger, describeError } from '@connector/telemetry';
import { ensureTypesConfigSchema } from '../ensure-types-config.ts';

const HELP = `ensure-types: creates the connector's custom types in commercetools, and adds missing fields

It changes only types under the connector's own keys; it adds fields, and never removes or changes any. It is safe to run at any time.

Configuration: CTP_PROJECT_KEY, CTP_CLIENT_ID, CTP_CLIENT_SECRET, CTP_AUTH_URL, CTP_API_URL (scope manage_types),
CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY, CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY.
Exit code: 0 when every type exists, 1 when not, 78 for a wrong configuration.
`;
const NAME = 'ensure-types';

optionsOrExit((argv) => (parseOptions(argv, HELP_OPTION).help ? 'help' : undefined), HELP);
const config = readConfig(ensureTypesConfigSchema, process.env);
const log = createLogger(NAME, config.LOG_LEVEL ?? config.LOGGER_LEVEL ?? 'warn', process.stderr);
const commercetools = createCommercetools(config, { log });
const keys = {
  customer: config.CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY,
  purchaseOrder: config.CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY,
};
try {
  for (const { key, outcome } of await ensureTypes(commercetools, customTypes(keys))) {
    process.stdout.write(`${outcome.padEnd(10)} ${key}\n`);
  }
} catch (error) {
  process.stderr.write(`The custom types could not be brought up to date: ${describeError(error).message}\n`);
  process.exitCode = 1;
} finally {
  await commercetools.close();
}
