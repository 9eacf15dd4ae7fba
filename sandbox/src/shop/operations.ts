import * as z from 'zod';
import type { Merchant, Payment } from './merchant.ts';

const SHORT_NAMES = {
  capture: 'capturePayment',
  refund: 'refundPayment',
  cancel: 'cancelPayment',
  reverse: 'reversePayment',
} as const;

const requestSchema = z.object({
  action: z.enum([
    'capture',
    'refund',
    'cancel',
    'reverse',
    'dispute',
    'capturePayment',
    'refundPayment',
    'cancelPayment',
    'reversePayment',
  ]),
  /** centAmount in the payment's currency, or money; absent = everything that can be captured or refunded. */
  amount: z
    .union([z.number().int().positive(), z.object({ centAmount: z.number(), currencyCode: z.string() })])
    .optional(),
  merchantReference: z.string().optional(),
  transactionId: z.string().optional(),
});

export interface Operations {
  /**
   * Runs one operation on a commercetools payment; returns the connector's status and body unchanged. An operation with
   * an idempotency key happens once, however often it is requested. Throws ZodError.
   */
  run(paymentId: string, request: unknown, idempotencyKey?: string): Promise<{ status: number; body: unknown }>;
}

/** A merchant's back-office operations: through the connector, with an OAuth2 token; disputes through the simulator. */
export function createOperations(
  merchant: Pick<Merchant, 'token' | 'payment'>,
  { processorUrl, stripeSimulator }: { processorUrl: string; stripeSimulator: string | undefined },
): Operations {
  async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as unknown) };
  }

  return {
    async run(paymentId, request, idempotencyKey) {
      const { action, amount, merchantReference, transactionId } = requestSchema.parse(request);
      if (action === 'dispute') {
        if (!stripeSimulator)
          return { status: 404, body: { message: 'Only a simulated Stripe opens disputes on request.' } };
        const { interfaceId } = await merchant.payment(paymentId);
        return post(`${stripeSimulator}/_sandbox/disputes`, { payment_intent: interfaceId });
      }
      const name = action in SHORT_NAMES ? SHORT_NAMES[action as keyof typeof SHORT_NAMES] : action;
      const needsAmount = name === 'capturePayment' || name === 'refundPayment';
      const money = needsAmount ? await moneyFor(name, amount, paymentId) : undefined;
      const step = {
        action: name,
        ...(money && { amount: money }),
        ...(merchantReference && { merchantReference }),
        ...(transactionId && { transactionId }),
      };
      const url = `${processorUrl}/operations/payment-intents/${encodeURIComponent(paymentId)}`;
      const authorization = `Bearer ${await merchant.token()}`;
      const key = idempotencyKey && { 'idempotency-key': idempotencyKey };
      return post(url, { actions: [step] }, { authorization, ...key });
    },
  };

  async function moneyFor(name: string, amount: z.infer<typeof requestSchema>['amount'], paymentId: string) {
    if (typeof amount === 'object') return amount;
    const payment = await merchant.payment(paymentId);
    const { currencyCode, centAmount: planned } = payment.amountPlanned;
    const captured = total(payment, 'Charge');
    const all = name === 'capturePayment' ? planned - captured : captured - total(payment, 'Refund');
    return { centAmount: amount ?? all, currencyCode };
  }
}

const total = ({ transactions }: Payment, type: string): number =>
  transactions
    .filter((transaction) => transaction.type === type && transaction.state !== 'Failure')
    .reduce((sum, { amount }) => sum + amount.centAmount, 0);
