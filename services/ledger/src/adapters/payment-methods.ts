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

/** As many as commercetools gives at once. */
const PAGE = 500;

/** The payment methods of the project's customers, over its HTTP API. */
export function commercetoolsPaymentMethods({ api, call }: Pick<Commercetools, 'api' | 'call'>): PaymentMethods {
  const methods = api.paymentMethods();
  return {
    withToken: async ({ customerId, paymentInterface, token }) => {
      // The token is no field of a predicate: the customer's methods are listed and compared.
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
 * Checkout's recurring payment jobs, over the Checkout API at `checkoutUrl`. A job has a unique key of its maker's, by which it can be read too
 * (https://docs.commercetools.com/checkout/recurring-payment-jobs-api): a call that may have had its effect, or is refused because an earlier one
 * had, is no second job.
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
      // The token could not be had; or the network failed.
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

/** A payment method as Stripe has it now. */
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

/** The commercetools customer that a customer at Stripe was made for; undefined for another's, and for one that is gone. */
export const stripeCustomerOwner =
  (client: Pick<StripeClient, 'call'>) =>
  async (id: string): Promise<string | undefined> => {
    const customer = await orUndefined(client.call('customers.retrieve', (stripe) => stripe.customers.retrieve(id)));
    return customer && !customer.deleted ? customer.metadata[METADATA.customerId] || undefined : undefined;
  };

/** The SEPA direct debit that a charge at Stripe left. */
export const stripeGeneratedDebit =
  (client: Pick<StripeClient, 'call'>) =>
  async (chargeId: string): Promise<string | undefined> =>
    generatedDebitOf(
      chargeSchema.parse(await client.call('charges.retrieve', (stripe) => stripe.charges.retrieve(chargeId))),
    );
