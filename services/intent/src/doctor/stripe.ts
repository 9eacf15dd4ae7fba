import { isLiveKey, PINNED_API_VERSION, type StripeClient, webhookUrl } from '@connector/stripe';
import { type Check, type Finding, fail, ok, unknown, warn } from './checkup.ts';
import { clockCheck } from './clock.ts';
import type { StripeSide } from './config.ts';
import { isAllowed, type Probe } from './stripe-access.ts';
import { destinationFinding, endpointFindings, secretFinding } from './stripe-webhooks.ts';

/** An id that no object has, so that a write request cannot have an effect. */
const NONE = 'doctor_looks_for_none';

/**
 * The permissions that the services need, with their names in Dashboard and API, and the cheapest request that needs
 * each.
 */
const PERMISSIONS: readonly (readonly [permission: string, probe: Probe])[] = [
  ['PaymentIntents read', (stripe) => stripe.paymentIntents.list({ limit: 1 })],
  ['PaymentIntents write', (stripe) => stripe.paymentIntents.cancel(`pi_${NONE}`)],
  ['Charges read', (stripe) => stripe.charges.list({ limit: 1 })],
  ['Refunds read', (stripe) => stripe.refunds.list({ limit: 1 })],
  ['Refunds write', (stripe) => stripe.refunds.create({ payment_intent: `pi_${NONE}` })],
  ['Customers read', (stripe) => stripe.customers.list({ limit: 1 })],
  ['Customers write', (stripe) => stripe.customers.update(`cus_${NONE}`, {})],
  [
    'Customer sessions write',
    (stripe) =>
      stripe.customerSessions.create({ customer: `cus_${NONE}`, components: { payment_element: { enabled: true } } }),
  ],
  [
    'Ephemeral keys write',
    (stripe) => stripe.ephemeralKeys.create({ customer: `cus_${NONE}` }, { apiVersion: PINNED_API_VERSION }),
  ],
  ['Payment methods read', (stripe) => stripe.paymentMethods.retrieve(`pm_${NONE}`)],
  ['Payment methods write', (stripe) => stripe.paymentMethods.detach(`pm_${NONE}`)],
  ['Balance transactions read', (stripe) => stripe.balanceTransactions.list({ limit: 1 })],
  ['Disputes read', (stripe) => stripe.disputes.list({ limit: 1 })],
  ['Events read', (stripe) => stripe.events.list({ limit: 1 })],
];

/** The checks of Stripe: keys, account, each permission, event delivery, the clock. */
export function stripeChecks(side: StripeSide, client: StripeClient): Check[] {
  const url = side.CONNECT_SERVICE_URL && webhookUrl(side.CONNECT_SERVICE_URL);
  return [
    { name: 'secret key', run: () => keyFindings(side, client) },
    { name: 'account', run: () => accountFinding(side, client) },
    ...PERMISSIONS.map(
      ([permission, probe]): Check => ({
        name: permission,
        run: async () =>
          (await isAllowed(client, probe))
            ? ok(permission, 'granted')
            : fail(permission, 'refused', 'Give the restricted key this permission (Dashboard, Developers, API keys).'),
      }),
    ),
    { name: 'webhook endpoint', run: () => endpointFindings(side, client, url) },
    { name: 'event destinations', run: () => destinationFinding(client, url) },
    { name: 'signing secret', run: async () => secretFinding(side.STRIPE_WEBHOOK_SIGNING_SECRET) },
    clockCheck('Stripe', side.STRIPE_API_BASE),
  ];
}

/** Checks that Stripe accepts the secret key, and that both keys have the same mode. */
async function keyFindings(side: StripeSide, client: StripeClient): Promise<Finding[]> {
  const [secret, publishable] = [modeOf(side.STRIPE_SECRET_KEY), modeOf(side.STRIPE_PUBLISHABLE_KEY)];
  const mode =
    secret === publishable
      ? ok('mode', secret)
      : fail(
          'mode',
          `secret key ${secret}, publishable key ${publishable}`,
          'Take both keys from the same mode of the Dashboard.',
        );
  const isValid = await isAllowed(client, (stripe) => stripe.balance.retrieve());
  if (!isValid)
    return [
      fail(
        'secret key',
        'Stripe refuses it, or it may not read the balance',
        'Copy the key again from the Dashboard; a restricted one needs Balance read.',
      ),
      mode,
    ];
  const key = side.STRIPE_SECRET_KEY.startsWith('rk_')
    ? ok('secret key', 'valid, restricted')
    : warn('secret key', 'valid, unrestricted', 'Use a restricted key (rk_…) with only the permissions below.');
  return [key, mode];
}

const modeOf = (key: string): string => (isLiveKey(key) ? 'live' : 'test');

async function accountFinding(side: StripeSide, client: StripeClient): Promise<Finding> {
  if (!(await isAllowed(client, (stripe) => stripe.accounts.retrieveCurrent()))) {
    return unknown('account', 'the key may not read its account');
  }
  const account = await client.call('account.retrieve', (stripe) => stripe.accounts.retrieveCurrent());
  if (side.STRIPE_ACCOUNT_ID && side.STRIPE_ACCOUNT_ID !== account.id) {
    return fail(
      'account',
      `the key is of ${account.id}, STRIPE_ACCOUNT_ID is ${side.STRIPE_ACCOUNT_ID}`,
      'Set STRIPE_ACCOUNT_ID to the account of the key.',
    );
  }
  if (account.charges_enabled === false)
    return fail('account', `${account.id} may not take payments yet`, 'Finish its activation in the Dashboard.');
  return ok('account', account.id);
}
