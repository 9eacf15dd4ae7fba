import { randomUUID } from 'node:crypto';
import { type Address, type Currency, countryFor, DEFAULT_ADDRESS, PRICES, type Wishes } from './catalogue.ts';
import { type CommercetoolsAccess, CommercetoolsAnswerError, CommercetoolsClient } from './client.ts';

export interface CheckoutRequest extends Wishes {
  /** A currency of the catalogue; any other one with `centAmount`. */
  currency: string;
  /** Total in minor units; otherwise `quantity` pieces at the catalogue's price. */
  centAmount?: number | undefined;
  quantity?: number | undefined;
  country?: string | undefined;
  /** true = a new customer, an id = a returning one, absent = guest. */
  customer?: boolean | string | undefined;
  address?: Partial<Address> | undefined;
  locale?: string | undefined;
  /** Return address for a bank; default the shop's page. */
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

/** The shop's backend: carts, sessions and payments at commercetools. Every method throws CommercetoolsAnswerError. */
export class Merchant {
  readonly #client: CommercetoolsClient;
  /** Origin of the shop, and of the processor. */
  readonly #publicUrl: string;

  constructor(access: CommercetoolsAccess, { publicUrl }: { publicUrl: string }) {
    this.#client = new CommercetoolsClient(access);
    this.#publicUrl = publicUrl;
  }

  /** The token of the merchant's own API client, also used for operations on a payment. */
  token(): Promise<string> {
    return this.#client.token();
  }

  payment(id: string): Promise<Payment> {
    return this.#client.call('GET', `/payments/${encodeURIComponent(id)}`);
  }

  async createCheckout(request: CheckoutRequest): Promise<Checkout> {
    const address = { ...DEFAULT_ADDRESS, ...request.address };
    const customerId = await this.#customerId(request.customer, address);
    const cart = await this.#client.call<{ id: string }>('POST', '/carts', cartDraft(request, address, customerId));
    const session = await this.#client.createSession({
      cart: { cartRef: { id: cart.id } },
      metadata: { processorUrl: this.#publicUrl, merchantReturnUrl: request.returnUrl ?? `${this.#publicUrl}/` },
    });
    return { cartId: cart.id, sessionId: session.id, ...(customerId && { customerId }) };
  }

  /** Ships, bills and writes to this address; missing parts come from the default. */
  async setAddress(cartId: string, partial: Partial<Address>): Promise<void> {
    const path = `/carts/${encodeURIComponent(cartId)}`;
    const address = { ...DEFAULT_ADDRESS, ...partial };
    const { version } = await this.#client.call<{ version: number }>('GET', path);
    await this.#client.call('POST', path, {
      version,
      actions: [
        { action: 'setShippingAddress', address },
        { action: 'setBillingAddress', address },
        { action: 'setCustomerEmail', email: address.email },
      ],
    });
  }

  async #customerId(customer: CheckoutRequest['customer'], address: Address): Promise<string | undefined> {
    if (!customer) return undefined;
    if (typeof customer === 'string' && (await this.#exists(customer))) return customer;
    const { firstName, lastName } = address;
    const draft = { email: `shopper-${randomUUID()}@example.com`, password: randomUUID(), firstName, lastName };
    return (await this.#client.call<{ customer: { id: string } }>('POST', '/customers', draft)).customer.id;
  }

  /** A browser may remember a customer of a project that was emptied since. */
  async #exists(customerId: string): Promise<boolean> {
    try {
      await this.#client.call('GET', `/customers/${encodeURIComponent(customerId)}`);
      return true;
    } catch (error) {
      if (error instanceof CommercetoolsAnswerError && error.status === 404) return false;
      throw error;
    }
  }
}

function cartDraft(request: CheckoutRequest, address: Address, customerId: string | undefined) {
  const { currency, quantity = 1, centAmount, locale } = request;
  return {
    currency,
    country: request.country ?? countryFor(request),
    customerEmail: address.email,
    ...(customerId ? { customerId } : { anonymousId: randomUUID() }),
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
    ...(locale && { locale }),
  };
}
