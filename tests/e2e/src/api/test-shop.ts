import { randomUUID } from 'node:crypto';
import {
  type CommercetoolsSimulator,
  createCart,
  createCustomer,
  createSession,
} from '@connector/simulator-commercetools';
import type { StripeSimulator } from '@connector/simulator-stripe';

export interface CartWishes {
  readonly centAmount?: number;
  readonly currency?: string;
  readonly country?: string;
  readonly customerId?: string;
  /** Anything else of a CartDraft. */
  readonly draft?: Record<string, unknown>;
  /** Anything else of the session's metadata. */
  readonly metadata?: Record<string, unknown>;
}

/** What a shop and its customers have at commercetools and Stripe before and beside the connector. */
export class TestShop {
  readonly commercetools: CommercetoolsSimulator;
  readonly stripe: StripeSimulator;
  readonly #stripeKey: string;
  readonly #processorUrl: string;

  constructor(
    commercetools: CommercetoolsSimulator,
    stripe: StripeSimulator,
    access: { stripeKey: string; processorUrl: string },
  ) {
    this.commercetools = commercetools;
    this.stripe = stripe;
    this.#stripeKey = access.stripeKey;
    this.#processorUrl = access.processorUrl;
  }

  /** A call below the project, with the merchant's token. Throws on any answer but 2xx. */
  merchant<T = { id: string; version: number }>(method: string, path: string, body?: unknown): Promise<T> {
    const { ctUrl, projectKey, token } = this.#api;
    return called<T>(method, `${ctUrl}/${projectKey}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** A POST or DELETE at Stripe, beside the connector. Throws on any answer but 2xx. */
  stripeCall<T = { id: string }>(
    path: string,
    form: Record<string, string>,
    method: 'POST' | 'DELETE' = 'POST',
  ): Promise<T> {
    const headers = { authorization: `Bearer ${this.#stripeKey}` };
    return called<T>(method, `${this.stripe.url}/v1${path}`, { headers, body: new URLSearchParams(form) });
  }

  async session(cartId: string, metadata: Record<string, unknown> = {}): Promise<string> {
    const processorUrl = this.#processorUrl;
    const { ctUrl: sessionUrl, projectKey, token } = this.#api;
    const options = { sessionUrl, projectKey, token, processorUrl, returnUrl: `${processorUrl}/`, metadata };
    return (await createSession(cartId, options)).id;
  }

  async checkout(wishes: CartWishes = {}) {
    const { centAmount = 2400, currency = 'EUR', country = 'DE', customerId, draft, metadata } = wishes;
    const { id: cart } = await createCart(this.#api, {
      centAmount,
      currency,
      country,
      ...(customerId && { customerId }),
      ...(draft && { draft }),
    });
    return { cart, session: await this.session(cart, metadata) };
  }

  async customer(draft: Record<string, unknown> = {}): Promise<string> {
    return (await createCustomer(this.#api, { email: `shopper-${randomUUID()}@example.com`, draft })).id;
  }

  /** A card that the customer stored, at Stripe and at commercetools. */
  async storedMethod(customerId: string, { paymentMethod = 'pm_card_visa' } = {}) {
    const owner = await this.stripeCall('/customers', { 'metadata[ct_customer_id]': customerId });
    const { id: token } = await this.stripeCall(`/payment_methods/${paymentMethod}/attach`, { customer: owner.id });
    const method = await this.merchant('POST', '/payment-methods', {
      customer: { typeId: 'customer', id: customerId },
      paymentInterface: 'checkout-stripe',
      method: 'card',
      default: true,
      token: { value: token },
    });
    return { ...method, token, stripeCustomer: owner.id };
  }

  async deleteCart(id: string): Promise<void> {
    const { version } = await this.merchant('GET', `/carts/${id}`);
    await this.merchant('DELETE', `/carts/${id}?version=${version}`);
  }

  /** A token of an API client with exactly these scopes; without `:` they are the project's. */
  token(...scopes: string[]): string {
    return this.commercetools.issueToken(scopes);
  }

  jwt(options?: Parameters<CommercetoolsSimulator['mintJwt']>[0]) {
    return this.commercetools.mintJwt(options);
  }

  get #api() {
    const { url, projectKey } = this.commercetools;
    return { ctUrl: url, projectKey, token: this.commercetools.issueToken() };
  }
}

async function called<T>(method: string, url: string, request: RequestInit): Promise<T> {
  const answer = await fetch(url, { method, ...request });
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** The custom types that a deployment creates, and the field that the Stripe Tax connector keeps on a cart. */
export async function makeTypes({ url, projectKey, issueToken }: CommercetoolsSimulator): Promise<void> {
  const string = { name: 'String' };
  const types = [
    ['payment-connector-stripe-customer-id', 'customer', 'stripeConnector_stripeCustomerId', string],
    ['stripe-tax', 'order', 'connectorStripeTax_calculationReferences', { name: 'Set', elementType: string }],
  ] as const;
  for (const [key, resource, name, type] of types) {
    await called('POST', `${url}/${projectKey}/types`, {
      headers: { authorization: `Bearer ${issueToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        key,
        name: { en: key },
        resourceTypeIds: [resource],
        fieldDefinitions: [{ name, label: { en: name }, required: false, type }],
      }),
    });
  }
}
