import { HELP_OPTION, optionsOrExit, parseOptions } from '@connector/cli';
import {
  createCommercetools,
  customTypes,
  INTERACTION_TYPE,
  removeTypes,
  subscriptionTypes,
} from '@connector/commercetools';
import { readConfig } from '@connector/lifecycle';
import { createLogger, describeError } from '@connector/telemetry';
import { purgeConfigSchema } from '../ensure-types-config.ts';

const HELP = `purge: deletes the connector's custom types in commercetools if nothing uses them

A type that a customer, payment or line item still uses stays, and so does a type to which somebody has added fields. Only types under the
connector's own keys are checked, including those of the original connector for subscriptions; the type of payment interface interactions belongs to
commercetools Checkout and stays. The chart runs it before an uninstall only with purge.enabled.

Usage: purge [options]

  --dry-run   print what would be tried
  -h, --help  this text

Configuration: CTP_PROJECT_KEY, CTP_CLIENT_ID, CTP_CLIENT_SECRET, CTP_AUTH_URL, CTP_API_URL (scopes manage_types, manage_products),
CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY, CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY, CT_CUSTOM_TYPE_SUBSCRIPTION_LINE_ITEM_KEY, CT_PRODUCT_TYPE_SUBSCRIPTION_KEY.
Exit code: 0 when all is done, 1 when not, 64 for wrong options, 78 for a wrong configuration.
`;

const { dryRun } = optionsOrExit((argv) => {
  const values = parseOptions(argv, { 'dry-run': { type: 'boolean', default: false }, ...HELP_OPTION });
  return values.help ? 'help' : { dryRun: values['dry-run'] };
}, HELP);
const config = readConfig(purgeConfigSchema, process.env);
const log = createLogger('purge', config.LOG_LEVEL ?? config.LOGGER_LEVEL ?? 'warn', process.stderr);
const commercetools = createCommercetools(config, { log });
const own = customTypes({
  customer: config.CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY,
  purchaseOrder: config.CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY,
}).flatMap(({ key, fieldDefinitions = [] }) =>
  key === INTERACTION_TYPE ? [] : [{ kind: 'type' as const, key, fields: fieldDefinitions.map(({ name }) => name) }],
);
const left = subscriptionTypes({
  lineItem: config.CT_CUSTOM_TYPE_SUBSCRIPTION_LINE_ITEM_KEY,
  product: config.CT_PRODUCT_TYPE_SUBSCRIPTION_KEY,
});
try {
  for (const { key, outcome } of await removeTypes(commercetools, [...own, ...left], { dryRun })) {
    const told =
      outcome === 'deleted' && dryRun
        ? 'would delete'
        : outcome.startsWith('has') || outcome === 'in use'
          ? `kept, ${outcome}`
          : outcome;
    process.stdout.write(`${told.padEnd(26)}${key}\n`);
  }
} catch (error) {
  process.stderr.write(`The custom types could not be deleted: ${describeError(error).message}\n`);
  process.exitCode = 1;
} finally {
  await commercetools.close();
}
