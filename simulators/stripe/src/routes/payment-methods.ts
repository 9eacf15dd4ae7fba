import { noSuch } from '../errors.ts';
import type { PaymentMethod } from '../objects.ts';
import {
  attachPaymentMethod,
  createPaymentMethod,
  detachPaymentMethod,
  findPaymentMethod,
  setBillingDetails,
} from '../payment-methods.ts';
import { type Call, LIST, type Routes, route } from './route.ts';

const PAYMENT_METHOD_PARAMS =
  'allow_redisplay billing_details card customer metadata payment_method radar_options sepa_debit type ideal bancontact eps p24 klarna paypal giropay twint wero alipay affirm afterpay_clearpay us_bank_account bacs_debit au_becs_debit sofort link blik boleto customer_balance konbini multibanco oxxo';

export const PAYMENT_METHOD_ROUTES: Routes = {
  'POST payment_methods': route(
    ({ simulation, params }) => createPaymentMethod(simulation, params),
    `${PAYMENT_METHOD_PARAMS} key`,
    true,
  ),
  'GET payment_methods': route(({ simulation, params }) => {
    const customer = params.string('customer');
    const type = params.string('type');
    return simulation.state.paymentMethods.page(
      '/v1/payment_methods',
      params,
      (method) => (!customer || method.customer === customer) && (!type || method.type === type),
    );
  }, `${LIST} customer customer_account type allow_redisplay`),
  'GET payment_methods/:id': route((call) => paymentMethodOf(call)),
  'POST payment_methods/:id': route((call) => {
    const method = paymentMethodOf(call);
    const { params, simulation } = call;
    method.metadata = params.metadata(method.metadata ?? {});
    method.allow_redisplay =
      params.oneOf('allow_redisplay', ['always', 'limited', 'unspecified']) ?? method.allow_redisplay;
    setBillingDetails(method, params);
    const card = params.object('card');
    if (card && method.card) {
      const { exp_month, exp_year } = method.card;
      method.card.exp_month = card.integer('exp_month') ?? exp_month;
      method.card.exp_year = card.integer('exp_year') ?? exp_year;
      simulation.events.emit('payment_method.updated', method, { card: { exp_month, exp_year } });
    }
    return method;
  }, 'allow_redisplay billing_details card metadata us_bank_account'),
  'POST payment_methods/:id/attach': route(
    (call) => attachPaymentMethod(call.simulation, paymentMethodOf(call), call.params.requiredString('customer')),
    'customer customer_account',
  ),
  'POST payment_methods/:id/detach': route((call) => detachPaymentMethod(call.simulation, paymentMethodOf(call))),
};

const paymentMethodOf = ({ simulation, id }: Call): PaymentMethod => {
  try {
    return findPaymentMethod(simulation, id, 'id');
  } catch {
    throw noSuch('PaymentMethod', id);
  }
};
