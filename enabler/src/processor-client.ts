import { NetworkError, ProcessorError } from './errors.ts';
import type { Texts } from './messages.ts';
import type { Money } from './payment-enabler.ts';
import { type ConfirmAnswer, expressConfigError, processorError, throwIfRefused } from './processor-errors.ts';
import { httpCalls, isTransient, type ProcessorClientOptions, retrying } from './processor-http.ts';

/** `GET /operations/config`, and `POST /express-config` without the part about stored methods. */
export interface OperationsConfig {
  environment: string;
  publishableKey: string;
  captureMethod?: CaptureMethod;
  /** JSON text. */
  appearance?: string;
  /** JSON text. */
  expressElementOptions?: string;
  storedPaymentMethodsConfig?: { isEnabled: boolean };
}
export type CaptureMethod = 'automatic' | 'automatic_async' | 'manual';

/** `GET /config-element/payment`; fields named as JSON are JSON texts. */
export interface ElementConfig {
  /** `amount` in Stripe's minor units, `currency` in upper case. */
  cartInfo: { amount: number; currency: string };
  appearance?: string;
  captureMethod: CaptureMethod;
  setupFutureUsage?: 'off_session' | 'on_session';
  layout?: string;
  collectBillingAddress: 'auto' | 'never' | 'if_required';
  paymentElementOptions?: string;
  flowType: 'deferred' | 'pi_first';
}

/** `sessionId` is the client secret of Stripe's customer session, not a commercetools session. */
export interface CustomerSession {
  stripeCustomerId: string;
  ephemeralKey: string;
  sessionId: string;
}

/** `GET /payments`: a payment opened for the session's cart. */
export interface OpenedPayment {
  sClientSecret: string;
  paymentReference: string;
  merchantReturnUrl: string;
  cartId: string;
  /** JSON text; present when the form does not collect it. */
  billingAddress?: string;
}

export interface ExpressPaymentData {
  totalPrice: Money;
  currencyCode: string;
  lineItems: { name: string; amount: Money; type: string }[];
}

export interface RawStoredPaymentMethod {
  id: string;
  type: string;
  /** Stripe's PaymentMethod id. */
  token: string;
  createdAt: string;
  isDefault: boolean;
  displayOptions: Record<string, unknown>;
}

export interface ProcessorClient {
  operationsConfig(): Promise<OperationsConfig>;
  elementConfig(): Promise<ElementConfig>;
  /** undefined = guest. */
  customerSession(): Promise<CustomerSession | undefined>;
  openPayment(express?: { withCustomer: boolean }): Promise<OpenedPayment>;
  /**
   * Throws PaymentError when the payment was refused, or when it went through and the cart costs more by now
   * (`cart_changed`, with `amountDue`). It asks again when the answer gets lost, because the call is idempotent.
   */
  confirmPayment(paymentReference: string, paymentIntentId: string): Promise<'approved' | 'pending'>;
  expressConfig(): Promise<OperationsConfig>;
  expressPaymentData(): Promise<ExpressPaymentData>;
  storedPaymentMethods(): Promise<RawStoredPaymentMethod[]>;
  deleteStoredPaymentMethod(id: string): Promise<void>;
}

const READ_RETRIES_MS = [300, 1_000];
/**
 * In ms. A confirmation whose answer got lost is repeated for about a quarter of a minute, also when each refusal takes
 * long.
 */
const CONFIRM_RETRIES_MS = [500, 1_000, 2_000, 4_000, 8_000];
const CONFIRM_WITHIN_MS = 16_000;

/** A limit that all shoppers share is reached: asking again at once would make it worse. */
const isOverloaded = (error: unknown): boolean => error instanceof ProcessorError && error.code === 'Overloaded';

type IsReadable = (body: unknown, status: number) => boolean;

/** Whether an answer has the required fields. A captive portal or a proxy answers 200 with a page of its own. */
const has =
  (...fields: string[]): IsReadable =>
  (body) =>
    isObject(body) && fields.every((field) => Boolean((body as Record<string, unknown>)[field]));
const isConfig = has('publishableKey');
const isCustomerSession = has('sessionId');

/** All HTTP calls of the enabler. Every method throws only EnablerErrors. */
export function createProcessorClient(options: ProcessorClientOptions): ProcessorClient {
  const call = httpCalls(options);
  const get = <T>(path: string, isReadable: IsReadable, headers: Record<string, string> = {}) =>
    read<T>(call, options, { path, headers, isReadable });
  return {
    operationsConfig: () => get('/operations/config', isConfig),
    elementConfig: () => get('/config-element/payment', has('cartInfo')),
    customerSession: () =>
      get('/customer/session', (body, status) => status === 204 || isCustomerSession(body, status)),
    openPayment(express) {
      const headers: Record<string, string> = express ? { 'x-express-checkout': 'true' } : {};
      if (express?.withCustomer) headers['x-express-customer-session'] = 'true';
      return get('/payments', has('sClientSecret', 'paymentReference'), headers);
    },
    confirmPayment: (paymentReference, paymentIntentId) => confirm(call, options, paymentReference, paymentIntentId),
    async expressConfig() {
      const { status, ok, body } = await call('POST', '/express-config', { body: {} });
      if (!ok) throw expressConfigError(status);
      if (!isConfig(body, status)) throw unreadable(options.text);
      return body as OperationsConfig;
    },
    expressPaymentData: () => get('/express-payment-data', has('totalPrice', 'lineItems')),
    async storedPaymentMethods() {
      type Listed = { storedPaymentMethods?: RawStoredPaymentMethod[] };
      const answer = await get<Listed>('/stored-payment-methods', isObject);
      return answer.storedPaymentMethods ?? [];
    },
    async deleteStoredPaymentMethod(id) {
      const { status, ok, body } = await call('DELETE', `/stored-payment-methods/${encodeURIComponent(id)}`);
      if (!ok) throw processorError(status, body, options.text);
    },
  };
}

type Call = ReturnType<typeof httpCalls>;
type Surroundings = Pick<ProcessorClientOptions, 'text' | 'sleep'>;

/** Reads and opening are idempotent at the processor, so the call is repeated when its answer gets lost. */
const read = <T>(
  call: Call,
  { text, sleep }: Surroundings,
  { path, headers, isReadable }: { path: string; headers: Record<string, string>; isReadable: IsReadable },
): Promise<T> =>
  retrying(
    sleep,
    READ_RETRIES_MS,
    async () => {
      const { status, ok, body } = await call('GET', path, { headers });
      if (!ok) throw processorError(status, body, text);
      if (!isReadable(body, status)) throw unreadable(text);
      return body as T;
    },
    { mayRetry: (error) => isTransient(error) && !isOverloaded(error) },
  );

const confirm = (
  call: Call,
  { text, sleep }: Surroundings,
  paymentReference: string,
  paymentIntentId: string,
): Promise<'approved' | 'pending'> =>
  retrying(
    sleep,
    CONFIRM_RETRIES_MS,
    async () => {
      const path = `/confirmPayments/${encodeURIComponent(paymentReference)}`;
      const { status, ok, body } = await call('POST', path, { body: { paymentIntent: paymentIntentId } });
      throwIfRefused(status, ok, body, paymentReference, text);
      const { outcome } = (body ?? {}) as ConfirmAnswer;
      return status === 202 || outcome !== 'approved' ? 'pending' : 'approved';
    },
    { withinMs: CONFIRM_WITHIN_MS },
  );

const unreadable = (text: Texts): NetworkError => new NetworkError('unreadable_answer', { message: text('network') });

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
