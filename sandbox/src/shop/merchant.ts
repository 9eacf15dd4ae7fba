import { randomUUID } from 'node:crypto';
import { type Currency, countryFor, PRICES, type Wishes } from './catalogue.ts';

export interface CommercetoolsAccess {
  authUrl: string;
  apiUrl: string;
  sessionUrl: string;
  projectKey: string;
  clientId: string;
  clientSecret: string;
}

export interface Address {
  firstName: string;
  lastName: string;
  streetName: string;
  postalCode: string;
  city: string;
  country: string;
  email: string;
}

export interface CheckoutRequest extends Wishes {
  /** One of the catalogue's; any other with `centAmount`. */
  currency: string;
  /** Total in minor units; else `quantity` pieces at the catalogue's price. */
  centAmount?: number | undefined;
  quantity?: number | undefined;
  country?: string | undefined;
  /** true = a new customer, an id = a returning one, absent = guest. */
  customer?: boolean | string | undefined;
  address?: Partial<Address> | undefined;
  locale?: string | undefined;
  /** Where a bank sends the shopper back to; default the shop's page. */
  returnUrl?: string | undefined;
}

export interface Checkout {
  cartId: string;
  sessionId: string;
  customerId?: string;
}

/** The parts of a commercetools payment that the page shows. */
export interface Payment {
  id: string;
  version: number;
  key?: string;
  interfaceId?: string;
  amountPlanned: { centAmount: number; currencyCode: string; fractionDigits: number };
  transactions: {
    id: string;
    type: string;
    state: string;
    interactionId?: string;
    timestamp?: string;
    amount: { centAmount: number; currencyCode: string; fractionDigits: number };
  }[];
}

/** commercetools' answer was not a 2xx; `status` is its own. */
export class CommercetoolsAnswerError extends Error {
  override readonly name = 'CommercetoolsAnswerError';
  readonly status: number;
  constructor(status: number, call: string, detail: string) {
    super(`commercetools answered ${status} to ${call}: ${detail}`);
    this.status = status;
  }
}

const DEFAULT_ADDRESS: Address = {
  firstName: 'Ada',
  lastName: 'Lovelace',
  streetName: 'Torstraße 1',
  postalCode: '10119',
  city: 'Berlin',
  country: 'DE',
  email: 'ada@example.com',
};
const TIMEOUT_MS = 10_000;

export interface Merchant {
  /** The token of the merchant's own API client; also what operations on a payment are asked with. */
  token(): Promise<string>;
  createCheckout(request: CheckoutRequest): Promise<Checkout>;
  setAddress(cartId: string, address: Partial<Address>): Promise<void>;
  payment(id: string): Promise<Payment>;
}

/** The shop's backend: carts, sessions and payments at commercetools, with plain calls so that it reads as a merchant's own would. */
export function createMerchant(access: CommercetoolsAccess, { publicUrl }: { publicUrl: string }): Merchant {
  let cached: { value: string; expiresAt: number } | undefined;

  async function token(): Promise<string> {
    if (cached && cached.expiresAt > Date.now()) return cached.value;
    const response = await fetch(`${trimmed(access.authUrl)}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${access.clientId}:${access.clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new CommercetoolsAnswerError(response.status, 'POST /oauth/token', await response.text());
    const { access_token: value, expires_in: seconds } = (await response.json()) as {
      access_token: string;
      expires_in: number;
    };
    cached = { value, expiresAt: Date.now() + Math.max(0, seconds - 60) * 1_000 };
    return value;
  }

  async function call<T>(method: string, url: string, body?: unknown): Promise<T> {
    const request = async () =>
      fetch(url, {
        method,
        headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    let response = await request();
    if (response.status === 401) {
      cached = undefined;
      response = await request();
    }
    if (!response.ok) throw new CommercetoolsAnswerError(response.status, `${method} ${url}`, await response.text());
    return (await response.json()) as T;
  }

  const project = `${trimmed(access.apiUrl)}/${access.projectKey}`;
  const sessions = `${trimmed(access.sessionUrl)}/${access.projectKey}/sessions`;

  /** A browser may remember a customer of a project that has been emptied since. */
  async function exists(url: string): Promise<boolean> {
    try {
      await call('GET', url);
      return true;
    } catch (error) {
      if (error instanceof CommercetoolsAnswerError && error.status === 404) return false;
      throw error;
    }
  }

  async function customerId(customer: CheckoutRequest['customer'], address: Address): Promise<string | undefined> {
    if (typeof customer === 'string' && (await exists(`${project}/customers/${encodeURIComponent(customer)}`))) {
      return customer;
    }
    if (!customer) return undefined;
    const { firstName, lastName } = address;
    const draft = { email: `shopper-${randomUUID()}@example.com`, password: randomUUID(), firstName, lastName };
    return (await call<{ customer: { id: string } }>('POST', `${project}/customers`, draft)).customer.id;
  }

  return {
    token,
    async createCheckout(request) {
      const { currency, quantity = 1, centAmount } = request;
      const address = { ...DEFAULT_ADDRESS, ...request.address };
      const customer = await customerId(request.customer, address);
      const cart = await call<{ id: string }>('POST', `${project}/carts`, {
        currency,
        country: request.country ?? countryFor(request),
        customerEmail: address.email,
        ...(customer ? { customerId: customer } : { anonymousId: randomUUID() }),
        taxMode: 'External',
        customLineItems: [
          {
            name: { en: 'Stoneware mug' },
            slug: 'stoneware-mug',
            quantity: centAmount === undefined ? quantity : 1,
            money: { currencyCode: currency, centAmount: centAmount ?? PRICES[currency as Currency] },
          },
        ],
        shippingAddress: address,
        billingAddress: address,
        ...(request.locale && { locale: request.locale }),
      });
      const session = await call<{ id: string }>('POST', sessions, {
        cart: { cartRef: { id: cart.id } },
        metadata: { processorUrl: publicUrl, merchantReturnUrl: request.returnUrl ?? `${publicUrl}/` },
      });
      return { cartId: cart.id, sessionId: session.id, ...(customer && { customerId: customer }) };
    },
    async setAddress(cartId, partial) {
      const url = `${project}/carts/${encodeURIComponent(cartId)}`;
      const address = { ...DEFAULT_ADDRESS, ...partial };
      const { version } = await call<{ version: number }>('GET', url);
      await call('POST', url, {
        version,
        actions: [
          { action: 'setShippingAddress', address },
          { action: 'setBillingAddress', address },
          { action: 'setCustomerEmail', email: address.email },
        ],
      });
    },
    payment: (id) => call('GET', `${project}/payments/${encodeURIComponent(id)}`),
  };
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');
