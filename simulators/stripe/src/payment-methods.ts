import { createHash } from 'node:crypto';
import { invalidParameter, missingParameter, noSuch, refused, type StripeApiError } from './errors.ts';
import type { PaymentMethod } from './objects.ts';
import type { Params } from './params.ts';
import type { Simulation } from './simulation.ts';
import {
  ALIASES,
  behaviourOfCard,
  behaviourOfIban,
  type CardBehaviour,
  cardFacts,
  checkCard,
  checkIban,
} from './test-cards.ts';

/** Methods that send the shopper to another page, and whether the money is certain when they come back. */
export const REDIRECT_TYPES: readonly string[] = [
  'ideal',
  'bancontact',
  'eps',
  'p24',
  'klarna',
  'paypal',
  'giropay',
  'twint',
  'wero',
  'alipay',
  'affirm',
  'afterpay_clearpay',
];
/** Methods that pay once, and leave a SEPA direct debit for later payments. */
export const SEPA_GENERATING_TYPES: readonly string[] = ['ideal', 'bancontact', 'sofort'];
/** Methods whose money is certain only days later. */
export const ASYNC_TYPES: readonly string[] = [
  'sepa_debit',
  'us_bank_account',
  'bacs_debit',
  'au_becs_debit',
  'sofort',
];
/** Methods that leave the shopper with something to pay with in the next days: a voucher, or the account to transfer to. */
export const VOUCHER_TYPES: readonly string[] = ['boleto', 'customer_balance', 'konbini', 'multibanco', 'oxxo'];
/** Methods that no customer keeps. */
export const ONCE_TYPES: ReadonlySet<string> = new Set([
  ...SEPA_GENERATING_TYPES,
  ...VOUCHER_TYPES.filter((type) => type !== 'boleto'),
  'eps',
  'p24',
  'giropay',
  'affirm',
  'afterpay_clearpay',
]);
const TYPES: readonly string[] = ['card', 'link', 'blik', ...REDIRECT_TYPES, ...ASYNC_TYPES, ...VOUCHER_TYPES];

const fingerprint = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 16);

function emptyPaymentMethod(simulation: Simulation, type: string): PaymentMethod {
  return {
    id: simulation.newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: {
      address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
      email: null,
      name: null,
      phone: null,
      tax_id: null,
    },
    created: simulation.now(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type,
  };
}

function addCard(
  simulation: Simulation,
  method: PaymentMethod,
  card: { number: string; expMonth: number; expYear: number; cvc: string | undefined },
): CardBehaviour {
  const facts = cardFacts(card.number);
  method.card = {
    brand: facts.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: card.cvc ? 'unchecked' : null },
    country: facts.country,
    display_brand: facts.brand,
    exp_month: card.expMonth,
    exp_year: card.expYear,
    fingerprint: fingerprint(card.number),
    funding: facts.funding,
    generated_from: null,
    last4: card.number.slice(-4),
    networks: { available: [facts.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
  const behaviour = behaviourOfCard(card.number);
  simulation.state.behaviours.set(method.id, behaviour);
  return behaviour;
}

function addIban(simulation: Simulation, method: PaymentMethod, iban: string): void {
  method.sepa_debit = {
    bank_code: iban.slice(4, 12),
    branch_code: '',
    country: iban.slice(0, 2),
    fingerprint: fingerprint(iban),
    generated_from: { charge: null, setup_attempt: null },
    last4: iban.slice(-4),
  };
  simulation.state.behaviours.set(method.id, behaviourOfIban(iban));
}

/** The SEPA direct debit from the account that `method` paid from once, in the charge `chargeId`. */
export function generateSepaDebit(
  simulation: Simulation,
  { billing_details }: PaymentMethod,
  chargeId: string,
): PaymentMethod {
  const generated = emptyPaymentMethod(simulation, 'sepa_debit');
  addIban(simulation, generated, 'NL39RABO0300065264');
  if (generated.sepa_debit) generated.sepa_debit.generated_from = { charge: chargeId, setup_attempt: null };
  generated.billing_details = structuredClone(billing_details);
  return simulation.state.paymentMethods.add(generated);
}

/** Creates a payment method from the parameters of POST /v1/payment_methods or of `payment_method_data`. */
export function createPaymentMethod(simulation: Simulation, params: Params): PaymentMethod {
  const type = params.requiredString('type');
  if (!TYPES.includes(type)) throw invalidParameter('type', `Invalid type: must be one of ${TYPES.join(', ')}`);
  const method = emptyPaymentMethod(simulation, type);
  if (type === 'card') {
    const card = params.object('card');
    if (!card) throw missingParameter('card');
    const tokenId = card.string('token');
    const number = tokenId ? numberOfToken(tokenId) : card.requiredString('number').replace(/[\s-]/g, '');
    const today = new Date(simulation.nowMs());
    const details = {
      number,
      expMonth: tokenId ? 12 : Number(card.requiredString('exp_month')),
      expYear: tokenId ? today.getUTCFullYear() + 8 : fullYear(Number(card.requiredString('exp_year'))),
      cvc: tokenId ? '314' : card.string('cvc'),
    };
    checkCard(details, { year: today.getUTCFullYear(), month: today.getUTCMonth() + 1 });
    addCard(simulation, method, details);
    const wallet = card.object('wallet')?.string('type');
    if (wallet && method.card) {
      method.card.wallet = {
        type: wallet,
        dynamic_last4: method.card.last4,
        [wallet]: {},
      } as typeof method.card.wallet;
    }
  } else if (type === 'sepa_debit') {
    const iban = params.object('sepa_debit')?.requiredString('iban').replaceAll(' ', '').toUpperCase();
    if (!iban) throw missingParameter('sepa_debit[iban]');
    checkIban(iban);
    addIban(simulation, method, iban);
  } else if (type === 'boleto') {
    const taxId = params.object('boleto')?.requiredString('tax_id');
    if (!taxId) throw missingParameter('boleto[tax_id]');
    if (taxId.replace(/\D/g, '').length !== 11 && taxId.replace(/\D/g, '').length !== 14) {
      throw invalidParameter('boleto[tax_id]', 'The tax ID is neither a CPF nor a CNPJ.', 'tax_id_invalid');
    }
    method.boleto = { tax_id: taxId };
  } else {
    Object.assign(method, { [type]: { ...(params.object(type)?.raw ?? {}) } });
    if (ASYNC_TYPES.includes(type)) simulation.state.behaviours.set(method.id, { settles: 'succeeded' });
  }
  setBillingDetails(method, params);
  method.allow_redisplay = params.oneOf('allow_redisplay', ['always', 'limited', 'unspecified']) ?? 'unspecified';
  method.metadata = params.metadata();
  return simulation.state.paymentMethods.add(method);
}

/** What is given of `billing_details`; the rest stays. */
export function setBillingDetails({ billing_details: details }: PaymentMethod, params: Params): void {
  const billing = params.object('billing_details');
  if (!billing) return;
  const address = billing.address('address');
  if (address !== undefined) details.address = address ?? details.address;
  for (const name of ['email', 'name', 'phone'] as const) {
    const value = billing.nullableString(name);
    if (value !== undefined) details[name] = value;
  }
}

const fullYear = (year: number): number => (year < 100 ? 2000 + year : year);

function numberOfToken(tokenId: string): string {
  const known = ALIASES.get(tokenId.replace('tok_', 'pm_card_'));
  if (known?.type !== 'card') throw noSuch('token', tokenId, 'card[token]');
  return known.number;
}

/** Finds a payment method; each use of a test alias such as `pm_card_visa` makes a new one, as at Stripe. */
export function findPaymentMethod(simulation: Simulation, id: string, param: string): PaymentMethod {
  const known = simulation.state.paymentMethods.get(id);
  if (known) return known;
  const alias = ALIASES.get(id);
  if (!alias) throw noSuch('PaymentMethod', id, param);
  const method = emptyPaymentMethod(simulation, alias.type);
  if (alias.type === 'card') {
    const expYear = new Date(simulation.nowMs()).getUTCFullYear() + 1;
    addCard(simulation, method, { number: alias.number, expMonth: 8, expYear, cvc: '314' });
    if (method.card?.checks) method.card.checks.cvc_check = 'pass';
  } else {
    addIban(simulation, method, alias.number);
    method.billing_details.name = 'Jenny Rosen';
    method.billing_details.email = 'jenny@example.com';
  }
  return simulation.state.paymentMethods.add(method);
}

/** Whether it paid without a customer to keep it, or was taken from one: nobody may use it again. Throws StripeApiError 400. */
export function refuseSpent(simulation: Simulation, method: PaymentMethod): void {
  if (simulation.state.spentMethods.has(method.id)) throw spent();
}

export const spent = (): StripeApiError =>
  refused(
    'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.',
    undefined,
    'payment_method',
  );

export function attachPaymentMethod(simulation: Simulation, method: PaymentMethod, customerId: string): PaymentMethod {
  if (!simulation.state.customers.get(customerId)) throw noSuch('customer', customerId, 'customer');
  if (method.customer === customerId) return method;
  if (method.customer) {
    throw refused(
      'The payment method you provided has already been attached to a customer.',
      'payment_method_already_attached',
    );
  }
  refuseSpent(simulation, method);
  if (ONCE_TYPES.has(method.type))
    throw refused(`Payment methods of type '${method.type}' cannot be saved to customers.`);
  method.customer = customerId;
  simulation.events.emit('payment_method.attached', method);
  return method;
}

export function detachPaymentMethod(simulation: Simulation, method: PaymentMethod): PaymentMethod {
  const { customer } = method;
  if (!customer) {
    throw refused('The payment method you provided is not attached to a customer so detachment is impossible.');
  }
  method.customer = null;
  simulation.state.spentMethods.add(method.id);
  simulation.events.emit('payment_method.detached', method, { customer });
  return method;
}
