/** commercetools Checkout and Merchant Center as clients of a payment connector, written from their published contract. */

export type Action =
  | { action: 'capturePayment'; amount: Amount; merchantReference?: string }
  | { action: 'refundPayment'; amount: Amount; transactionId?: string; merchantReference?: string }
  | { action: 'cancelPayment'; merchantReference?: string }
  | { action: 'reversePayment'; merchantReference?: string };

/** Minor units of the currency. */
export interface Amount {
  centAmount: number;
  currencyCode: string;
}

/** A charge of a stored method without the shopper. */
export interface RecurringTransaction {
  type: 'Recurring';
  cartId: string;
  checkoutTransactionItemId: string;
  paymentMethodId: string;
  amount?: Amount;
  idempotencyKey?: string;
}

/** A request that the connector refused, with its status and errors. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly errors: readonly { code: string; message: string }[];

  constructor(status: number, { message, errors }: { message: string; errors: { code: string; message: string }[] }) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** `authorization` is an OAuth2 token for operations and transactions, a Merchant Center user's JWT for the rest. */
export function createCheckout(url: string, authorization: string) {
  const call = async <T>(
    method: string,
    path: string,
    body?: object,
    more: Record<string, string> = {},
  ): Promise<T> => {
    const headers = { authorization, ...(body && { 'content-type': 'application/json' }), ...more };
    const response = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const answer = await response.json();
    if (!response.ok) throw new Refusal(response.status, answer as ConstructorParameters<typeof Refusal>[1]);
    return answer as T;
  };
  return {
    /** `idempotencyKey` identifies the operation for good: a repeated request gets the first one's answer. */
    modifyPayment: (paymentId: string, action: Action, idempotencyKey?: string) =>
      call<{ outcome: 'approved' | 'rejected' | 'received' }>(
        'POST',
        `/operations/payment-intents/${paymentId}`,
        { actions: [action] },
        idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
      ),
    createTransaction: (transaction: RecurringTransaction) =>
      call<{ transactionStatus: { state: string; errors: { code: string; message: string }[] }; paymentId: string }>(
        'POST',
        '/operations/transactions',
        transaction,
      ),
    paymentComponents: () =>
      call<{ dropins: { type: string }[]; components: { type: string }[]; express: { type: string }[] }>(
        'GET',
        '/operations/payment-components',
      ),
    status: () =>
      call<{ status: string; timestamp: string; version: string; checks: { name: string; status: string }[] }>(
        'GET',
        '/operations/status',
      ),
  };
}

export type Checkout = ReturnType<typeof createCheckout>;
