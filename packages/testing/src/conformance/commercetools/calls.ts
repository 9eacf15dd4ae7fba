import { randomUUID } from 'node:crypto';
import type { Cart, Payment, PaymentDraft, PaymentUpdateAction } from '@commercetools/platform-sdk';
import { type Commercetools, type Executable, quoted } from '@connector/commercetools';

/** A project under test, with the client that the services use. */
export type Project = Pick<Commercetools, 'api' | 'call'>;

export type ProjectCalls = ReturnType<typeof callsOf>;

/** The tests' calls to commercetools. */
export function callsOf(project: () => Project) {
  const call = <T>(operation: string, request: (api: Commercetools['api']) => Executable<T>): Promise<T> =>
    project().call(operation, request(project().api));
  const payments = {
    byId: (ID: string) => call('payments.get', (api) => api.payments().withId({ ID }).get()),
    byKey: (key: string) => call('payments.get_by_key', (api) => api.payments().withKey({ key }).get()),
    byPaymentIntent: async (id: string) => {
      const queryArgs = { where: `interfaceId=${quoted(id)}`, limit: 2, withTotal: false };
      return (await call('payments.query', (api) => api.payments().get({ queryArgs }))).results;
    },
    update: ({ id: ID, version }: Pick<Payment, 'id' | 'version'>, actions: PaymentUpdateAction[]): Promise<Payment> =>
      call('payments.update', (api) => api.payments().withId({ ID }).post({ body: { version, actions } })),
    create: (body: PaymentDraft) => call('payments.create', (api) => api.payments().post({ body })),
  };
  const carts = {
    create: () => call('carts.create', (api) => api.carts().post({ body: { currency: 'EUR' } })),
    byId: (ID: string, expand: string[] = []) =>
      call('carts.get', (api) => api.carts().withId({ ID }).get({ queryArgs: { expand } })),
    addPayment: ({ id: ID, version }: Pick<Cart, 'id' | 'version'>, id: string) => {
      const actions = [{ action: 'addPayment' as const, payment: { typeId: 'payment' as const, id } }];
      return call('carts.update', (api) => api.carts().withId({ ID }).post({ body: { version, actions } }));
    },
  };
  const newCustomer = async () => {
    const body = { email: `${randomUUID()}@example.com`, password: 'secret' };
    return (await call('customers.create', (api) => api.customers().post({ body }))).customer;
  };

  const draft = (fields: Partial<PaymentDraft> = {}): PaymentDraft => ({
    key: `key-${randomUUID()}`,
    amountPlanned: { centAmount: 10_000, currencyCode: 'EUR' },
    paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
    ...fields,
  });
  const created = (fields?: Partial<PaymentDraft>): Promise<Payment> => payments.create(draft(fields));
  const paymentIntentId = () => `pi_${randomUUID().replaceAll('-', '')}`;
  const authorization = (fields: object = {}): PaymentUpdateAction => ({
    action: 'addTransaction',
    transaction: { type: 'Authorization', amount: { centAmount: 10_000, currencyCode: 'EUR' }, ...fields },
  });
  return { call, payments, carts, newCustomer, draft, created, paymentIntentId, authorization };
}
