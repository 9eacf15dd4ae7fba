import { checkEmail, invalidParameter, missingParameter, noSuch } from './errors.ts';
import type { Customer } from './objects.ts';
import type { Params } from './params.ts';
import type { Simulation } from './simulation.ts';
import { token } from './simulation.ts';

const CUSTOMER_SESSION_SECONDS = 1800;
const EPHEMERAL_KEY_SECONDS = 3600;

export function createCustomer(simulation: Simulation, params: Params): Customer {
  const customer: Customer = {
    id: simulation.newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: simulation.now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: token(8).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
  write(customer, params);
  simulation.state.customers.add(customer);
  simulation.events.emit('customer.created', customer);
  return customer;
}

export function updateCustomer(simulation: Simulation, customer: Customer, params: Params): Customer {
  const before = structuredClone(customer) as unknown as Record<string, unknown>;
  write(customer, params);
  const previous: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(customer)) {
    if (JSON.stringify(value) !== JSON.stringify(before[name])) previous[name] = before[name];
  }
  simulation.events.emit('customer.updated', customer, previous);
  return customer;
}

function write(customer: Customer, params: Params): void {
  const email = params.nullableString('email');
  checkEmail('email', email);
  const address = params.address('address');
  const metadata = params.metadata(customer.metadata);
  if (email !== undefined) customer.email = email;
  if (address !== undefined) customer.address = address;
  customer.metadata = metadata;
  for (const name of ['name', 'phone', 'description'] as const) {
    const value = params.nullableString(name);
    if (value !== undefined) customer[name] = value;
  }
  const shipping = params.object('shipping');
  if (shipping) {
    customer.shipping = {
      address: shipping.address('address') ?? {
        city: null,
        country: null,
        line1: null,
        line2: null,
        postal_code: null,
        state: null,
      },
      name: shipping.nullableString('name') ?? '',
      phone: shipping.nullableString('phone') ?? null,
    } as Customer['shipping'];
  }
}

export function deleteCustomer(simulation: Simulation, customer: Customer): Record<string, unknown> {
  simulation.state.customers.remove(customer.id);
  simulation.state.deletedCustomers.add(customer.id);
  simulation.events.emit('customer.deleted', customer);
  return deletedCustomer(customer.id);
}

export const deletedCustomer = (id: string): Record<string, unknown> => ({ id, object: 'customer', deleted: true });

/** POST /v1/customer_sessions: lets a shopper's page see and save the customer's payment methods. */
export function createCustomerSession(simulation: Simulation, params: Params): Record<string, unknown> {
  const customer = params.requiredString('customer');
  if (!simulation.state.customers.get(customer)) throw noSuch('customer', customer, 'customer');
  const components = params.object('components');
  if (!components) throw missingParameter('components');
  const element = components.object('payment_element');
  const features = element?.object('features');
  const isEnabled = element?.boolean('enabled') ?? false;
  const isOn = (name: string): string => features?.oneOf(name, ['enabled', 'disabled']) ?? 'disabled';
  const answer = {
    object: 'customer_session',
    client_secret: `cuss_secret_${token(48)}`,
    components: {
      active_entitlements: { enabled: false },
      buy_button: { enabled: components.object('buy_button')?.boolean('enabled') ?? false },
      customer_portal: { enabled: false },
      customer_sheet: { enabled: false, features: null },
      mobile_payment_element: { enabled: false, features: null },
      payment_element: {
        enabled: isEnabled,
        features: isEnabled
          ? {
              payment_method_allow_redisplay_filters: features?.strings('payment_method_allow_redisplay_filters') ?? [
                'always',
              ],
              payment_method_redisplay: isOn('payment_method_redisplay'),
              payment_method_redisplay_limit: redisplayLimitOf(features),
              payment_method_remove: isOn('payment_method_remove'),
              payment_method_save: isOn('payment_method_save'),
              payment_method_save_usage:
                features?.oneOf('payment_method_save_usage', ['off_session', 'on_session']) ?? null,
            }
          : null,
      },
      pricing_table: { enabled: false },
    },
    created: simulation.now(),
    customer,
    customer_account: null,
    expires_at: simulation.now() + CUSTOMER_SESSION_SECONDS,
    livemode: false,
  };
  simulation.state.customerSessions.set(answer.client_secret, {
    clientSecret: answer.client_secret,
    customer,
    components: answer.components,
    expiresAt: answer.expires_at,
  });
  return answer;
}

/** POST /v1/ephemeral_keys; Stripe insists on an explicit version here. */
export function createEphemeralKey(
  simulation: Simulation,
  params: Params,
  version: string | undefined,
): Record<string, unknown> {
  if (!version) {
    throw invalidParameter(undefined, 'Stripe-Version header must be explicitly set when creating an ephemeral key.');
  }
  const customer = params.requiredString('customer');
  if (!simulation.state.customers.get(customer)) throw noSuch('customer', customer, 'customer');
  const created = simulation.now();
  return {
    id: simulation.newId('ephkey'),
    object: 'ephemeral_key',
    associated_objects: [{ id: customer, type: 'customer' }],
    created,
    expires: created + EPHEMERAL_KEY_SECONDS,
    livemode: false,
    secret: `ek_test_${token(48)}`,
  };
}

/** Stripe.js shows ten saved methods at most. Throws StripeApiError 400. */
function redisplayLimitOf(features: Params | undefined): number {
  const limit = features?.integer('payment_method_redisplay_limit') ?? 3;
  if (limit >= 1 && limit <= 10) return limit;
  throw invalidParameter(
    'components[payment_element][features][payment_method_redisplay_limit]',
    `This value must be ${limit < 1 ? 'greater than or equal to 1' : 'less than or equal to 10'} (it currently is '${limit}').`,
    'parameter_invalid_integer',
  );
}
