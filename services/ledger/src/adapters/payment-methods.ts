import type { PaymentMethod } from '@commercetools/platform-sdk';
import {
  type Commercetools,
  CommercetoolsRejection,
  errorOfAnswer,
  errorOfFailure,
  quoted,
} from '@connector/commercetools';
import { idOf } from '@connector/contracts';
import { NotFoundError, orUndefined, TransientError } from '@connector/errors';
import type { Answer } from '@connector/http';
import { METADATA } from '@connector/payment-model';
import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import type { MethodDisplay } from '../domain/method-name.ts';
import { chargeSchema, generatedDebitOf } from '../domain/stripe-objects.ts';
import type { PaymentMethods, RecurringJobs, StripePaymentMethod } from '../use-cases/ports.ts';

/** The most that commercetools returns at once. */
const PAGE = 500;

/** The payment methods of the project's customers, over its HTTP API. */
export function commercetoolsPaymentMethods({ api, call }: Pick<Commercetools, 'api' | 'call'>): PaymentMethods {
  const methods = api.paymentMethods();
  return {
    withToken: async ({ customerId, paymentInterface, token }) => {
      // A predicate cannot contain the token, so the customer's methods are listed and compared.
      const ofCustomer = `customer(id=${quoted(customerId)}) and paymentInterface=${quoted(paymentInterface)}`;
      const page = (afterId: string | undefined) => {
        const where = afterId ? `${ofCustomer} and id > ${quoted(afterId)}` : ofCustomer;
        return call(
          'payment-methods.query',
          methods.get({ queryArgs: { where, sort: 'id asc', limit: PAGE, withTotal: false } }),
        );
      };
      const found: PaymentMethod[] = [];
      for (let afterId: string | undefined; ; ) {
        const { results } = await page(afterId);
        found.push(...results.filter((method) => method.token?.value === token));
        if (results.length < PAGE) return found;
        afterId = results.at(-1)?.id;
      }
    },
    byKey: (key) => orUndefined(call('payment-methods.get', methods.withKey({ key }).get())),
    create: async (draft) => {
      try {
        return await call('payment-methods.create', methods.post({ body: draft }));
      } catch (error) {
        if (error instanceof CommercetoolsRejection && error.code === 'DuplicateField' && error.field === 'key') {
          return undefined;
        }
        throw error;
      }
    },
    update: async ({ id: ID, version }, actions) => {
      await call('payment-methods.update', methods.withId({ ID }).post({ body: { version, actions } }));
    },
    delete: async ({ id: ID, version }) => {
      await call('payment-methods.delete', methods.withId({ ID }).delete({ queryArgs: { version } }));
    },
  };
}

const CREATE = 'recurring-payment-jobs.create';
const GET = 'recurring-payment-jobs.get';

/**
 * Checkout's recurring payment jobs, over the Checkout API at `checkoutUrl`. We give each job a unique key, by which it
 * can be read (https://docs.commercetools.com/checkout/recurring-payment-jobs-api). So a repeated call creates no
 * second job, neither after a lost answer nor after a refusal because the job exists.
 */
export function checkoutRecurringJobs(
  { fetch, projectKey }: Pick<Commercetools, 'fetch' | 'projectKey'>,
  checkoutUrl: string,
): RecurringJobs {
  const jobs = `${checkoutUrl}/${projectKey}/recurring-payment-jobs`;
  /** Undefined after a success. */
  const errorOf = async (operation: string, call: Promise<Answer>): Promise<Error | undefined> => {
    try {
      const { ok, status, headers } = await call;
      if (ok) return undefined;
      return errorOfAnswer(operation, { status, body: undefined, retryAfter: headers.get('retry-after') });
    } catch (error) {
      // No token could be fetched, or the network failed.
      return error instanceof TransientError ? error : errorOfFailure(operation, error);
    }
  };
  return {
    create: async (paymentId, paymentMethodId) => {
      const body = JSON.stringify({
        key: paymentId,
        originPayment: { typeId: 'payment', id: paymentId },
        paymentMethod: { typeId: 'payment-method', id: paymentMethodId },
        status: { state: 'Initial' },
      });
      const headers = { 'content-type': 'application/json' };
      const failure = await errorOf(CREATE, fetch(jobs, { method: 'POST', headers, body }));
      if (!failure) return;
      const missing = await errorOf(GET, fetch(`${jobs}/key=${paymentId}`));
      if (missing) throw missing instanceof TransientError ? missing : failure;
    },
  };
}

/** The present state of a payment method at Stripe. */
export const stripePaymentMethod =
  (client: Pick<StripeClient, 'call'>) =>
  async (id: string): Promise<StripePaymentMethod | undefined> => {
    try {
      const method = await client.call('payment_methods.retrieve', (stripe) => stripe.paymentMethods.retrieve(id));
      const customerId = idOf(method.customer);
      return { id, type: method.type, ...(customerId && { customer: customerId }), display: displayOf(method) };
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  };

const displayOf = ({ card, sepa_debit, us_bank_account }: Stripe.PaymentMethod): MethodDisplay =>
  card
    ? { brand: card.brand, lastDigits: card.last4, expiryMonth: card.exp_month, expiryYear: card.exp_year }
    : { lastDigits: sepa_debit?.last4 ?? us_bank_account?.last4 ?? undefined };

/**
 * The commercetools customer for whom a Stripe customer was created; undefined for a Stripe customer that is deleted or
 * not ours.
 */
export const stripeCustomerOwner =
  (client: Pick<StripeClient, 'call'>) =>
  async (id: string): Promise<string | undefined> => {
    const customer = await orUndefined(client.call('customers.retrieve', (stripe) => stripe.customers.retrieve(id)));
    return customer && !customer.deleted ? customer.metadata[METADATA.customerId] || undefined : undefined;
  };

/** The SEPA direct debit that a charge at Stripe created for later payments. */
export const stripeGeneratedDebit =
  (client: Pick<StripeClient, 'call'>) =>
  async (chargeId: string): Promise<string | undefined> =>
    generatedDebitOf(
      chargeSchema.parse(await client.call('charges.retrieve', (stripe) => stripe.charges.retrieve(chargeId))),
    );
