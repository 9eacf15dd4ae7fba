/** Address and credentials for a commercetools project, real or simulated. URLs have no trailing slash. */
export interface ProjectApi {
  ctUrl: string;
  projectKey: string;
  /** Bearer token with manage_orders (carts), manage_customers, manage_sessions, as the call needs. */
  token: string;
}

/** The part of a commercetools resource that callers use. */
export interface Created {
  id: string;
  version: number;
}

export interface CartOptions {
  /** ISO 4217, e.g. `EUR`. */
  currency: string;
  /** Total in the currency's minor unit, as one custom line item. */
  centAmount: number;
  /** ISO 3166-1 alpha-2, e.g. `DE`. */
  country: string;
  customerId?: string;
  anonymousId?: string;
  customerEmail?: string;
  /** Anything else of a CartDraft; wins over the rest. */
  draft?: Record<string, unknown>;
}

export interface SessionOptions {
  sessionUrl: string;
  projectKey: string;
  token: string;
  processorUrl: string;
  returnUrl?: string;
  /** Anything else of the session's metadata, such as checkoutTransactionItemId. */
  metadata?: Record<string, unknown>;
}

async function post<T>(url: string, token: string, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${new URL(url).pathname}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** A token with all scopes of the API client, valid for `expires_in` seconds. Throws Error on any answer but 2xx. */
export async function fetchToken(options: {
  authUrl: string;
  clientId: string;
  clientSecret: string;
}): Promise<{ access_token: string; expires_in: number; scope: string }> {
  const credentials = Buffer.from(`${options.clientId}:${options.clientSecret}`).toString('base64');
  const response = await fetch(`${options.authUrl}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });
  if (!response.ok) throw new Error(`POST /oauth/token: ${response.status}`);
  return (await response.json()) as { access_token: string; expires_in: number; scope: string };
}

/** A cart with one custom line item, taxed by an external rate of 0 so that it needs no tax category. Throws Error on a refusal. */
export function createCart(api: ProjectApi, options: CartOptions): Promise<Created> {
  const { currency, centAmount, country, customerId, anonymousId, customerEmail, draft } = options;
  const address = {
    firstName: 'Ada',
    lastName: 'Lovelace',
    streetName: 'Example Street',
    streetNumber: '1',
    postalCode: '10115',
    city: 'Berlin',
    country,
  };
  return post<Created>(`${api.ctUrl}/${api.projectKey}/carts`, api.token, {
    currency,
    country,
    taxMode: 'External',
    ...(customerId ? { customerId } : anonymousId ? { anonymousId } : {}),
    customerEmail: customerEmail ?? 'shopper@example.com',
    shippingAddress: address,
    billingAddress: address,
    customLineItems: [
      {
        name: { en: 'Sandbox item' },
        slug: 'sandbox-item',
        quantity: 1,
        money: { centAmount, currencyCode: currency },
        externalTaxRate: { name: 'none', amount: 0, country, includedInPrice: true },
      },
    ],
    ...draft,
  });
}

/** A customer; the email must be new in the project. Throws Error on a refusal. */
export async function createCustomer(
  api: ProjectApi,
  options: { email: string; firstName?: string; lastName?: string; password?: string; draft?: Record<string, unknown> },
): Promise<Created> {
  const { email, firstName = 'Ada', lastName = 'Lovelace', password = crypto.randomUUID(), draft } = options;
  const body = { email, firstName, lastName, password, ...draft };
  const { customer } = await post<{ customer: Created }>(`${api.ctUrl}/${api.projectKey}/customers`, api.token, body);
  return customer;
}

/** A Checkout session for the cart; its id goes into `x-session-id`. Throws Error on a refusal. */
export function createSession(cartId: string, options: SessionOptions): Promise<Created> {
  const { sessionUrl, projectKey, token, processorUrl, returnUrl, metadata } = options;
  return post<Created>(`${sessionUrl}/${projectKey}/sessions`, token, {
    cart: { cartRef: { id: cartId } },
    metadata: { processorUrl, ...(returnUrl && { merchantReturnUrl: returnUrl }), ...metadata },
  });
}

/** A shop's steps before it loads the enabler: a cart, and a Checkout session for it. Throws Error on a refusal. */
export async function createCartAndSession(
  options: ProjectApi & CartOptions & SessionOptions,
): Promise<{ cartId: string; sessionId: string }> {
  const cart = await createCart(options, options);
  const session = await createSession(cart.id, options);
  return { cartId: cart.id, sessionId: session.id };
}
