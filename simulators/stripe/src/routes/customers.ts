import {
  createCustomer,
  createCustomerSession,
  createEphemeralKey,
  deleteCustomer,
  deletedCustomer,
  updateCustomer,
} from '../customers.ts';
import { noSuch } from '../errors.ts';
import type { Customer } from '../objects.ts';
import { search } from '../search.ts';
import { type Call, LIST, type Routes, route } from './route.ts';

const CUSTOMER_PARAMS =
  'address balance business_name cash_balance default_source description email individual_name invoice_prefix invoice_settings metadata name next_invoice_sequence payment_method phone preferred_locales shipping source tax tax_exempt tax_id_data test_clock validate';

export const CUSTOMER_ROUTES: Routes = {
  'POST customers': route(({ simulation, params }) => createCustomer(simulation, params), CUSTOMER_PARAMS),
  'GET customers': route(({ simulation, params }) => {
    const email = params.string('email');
    return simulation.state.customers.page('/v1/customers', params, (customer) => !email || customer.email === email);
  }, `${LIST} email test_clock`),
  'GET customers/search': route(
    ({ simulation, params }) => search(simulation, simulation.state.customers, 'customers', params),
    'query limit page',
  ),
  'GET customers/:id': route((call) =>
    call.simulation.state.deletedCustomers.has(call.id) ? deletedCustomer(call.id) : customerOf(call),
  ),
  'POST customers/:id': route(
    (call) => updateCustomer(call.simulation, customerOf(call), call.params),
    CUSTOMER_PARAMS,
  ),
  'DELETE customers/:id': route((call) => deleteCustomer(call.simulation, customerOf(call))),
  'GET customers/:id/payment_methods': route((call) => {
    const type = call.params.string('type');
    const customer = customerOf(call).id;
    return call.simulation.state.paymentMethods.page(
      `/v1/customers/${customer}/payment_methods`,
      call.params,
      (method) => method.customer === customer && (!type || method.type === type),
    );
  }, `${LIST} type allow_redisplay`),
  'POST customer_sessions': route(
    ({ simulation, params }) => createCustomerSession(simulation, params),
    'components customer customer_account',
  ),
  'POST ephemeral_keys': route(
    ({ simulation, params, stripeVersion }) => createEphemeralKey(simulation, params, stripeVersion),
    'customer issuing_card nonce verification_session',
  ),
};

function customerOf({ simulation, id }: Call): Customer {
  const customer = simulation.state.customers.get(id);
  if (!customer) throw noSuch('customer', id);
  return customer;
}
