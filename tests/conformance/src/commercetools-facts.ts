// What commercetools' documentation says beyond the types of its SDK, as far as we use it.
import type { Schema } from './schemas.ts';

/** A resource's key: 2 to 256 letters, digits, hyphens and underscores. */
export const KEY = /^[A-Za-z0-9_-]{2,256}$/;

/** Bounds of paged queries. */
export const QUERY_LIMITS: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  limit: { min: 1, max: 500 },
  offset: { min: 0, max: 10_000 },
};

/** Fields that a query predicate cannot name, by resource: a stored method's token is masked and not searchable. */
export const NOT_QUERYABLE: Readonly<Record<string, readonly string[]>> = {
  'payment-methods': ['token'],
  // Told of one cart as it is read, and stored nowhere.
  carts: ['warnings'],
  // Nobody is told it.
  customers: ['password'],
};

/** By it commercetools' support finds a request of ours. */
export const CORRELATED = 'x-correlation-id';

/** Every answer that is no success. Each error's other fields depend on its code. */
export const ERROR_ANSWER = {
  type: 'object',
  properties: {
    statusCode: { type: 'integer' },
    message: { type: 'string', minLength: 1 },
    errors: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: {
          code: { type: 'string', pattern: '^[A-Z][A-Za-z]+$' },
          message: { type: 'string', minLength: 1 },
        },
        required: ['code', 'message'],
      },
    },
  },
  required: ['statusCode', 'message', 'errors'],
  additionalProperties: false,
};

/** A refusal of who calls (401, 403) names it in OAuth's way, too, where codes are written in small letters. */
export const AUTH_ERROR_ANSWER = {
  ...ERROR_ANSWER,
  properties: {
    ...ERROR_ANSWER.properties,
    errors: { type: 'array', minItems: 1, items: { type: 'object', required: ['code', 'message'] } },
    error: { type: 'string', minLength: 1 },
    error_description: { type: 'string' },
  },
  required: [...ERROR_ANSWER.required, 'error'],
};

/** Fields that commercetools has and its SDK's types do not have yet, by the type that has them. */
export const ADDED_FIELDS: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  // Of payments that are made in Checkout.
  Payment: { checkoutTransactionItemId: { type: 'string' } },
  PaymentDraft: { checkoutTransactionItemId: { type: 'string' } },
  CreatedBy: { isPlatformClient: { type: 'boolean' } },
  LastModifiedBy: { isPlatformClient: { type: 'boolean' } },
};

const object = (required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}) => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
  additionalProperties: false,
});
const TEXT = { type: 'string', minLength: 1 };
const INTEGER = { type: 'integer' };
const reference = (typeId: string) => object({ typeId: { const: typeId }, id: TEXT });
const VERSIONED = { id: TEXT, version: INTEGER, createdAt: TEXT, lastModifiedAt: TEXT };
const JOB = {
  originPayment: reference('payment'),
  paymentMethod: reference('payment-method'),
  status: object({ state: TEXT }),
};

/** A call of commercetools beside its HTTP API: what it takes and answers, as the Session, Checkout and authorization APIs document it. */
export interface OtherCall {
  readonly name: string;
  readonly pattern: RegExp;
  /** Of a body in JSON, or of a form; absent where the call has none. */
  readonly request?: Schema;
  readonly answer: Schema;
  /** Whether the call tells whose it is: the authorization API's own documents know no correlation. */
  readonly isCorrelated: boolean;
}

export const OTHER_CALLS: readonly OtherCall[] = [
  {
    name: 'GET sessions/{id}',
    pattern: /^GET sessions\/[^/]+$/,
    isCorrelated: true,
    answer: object(
      {
        ...VERSIONED,
        state: { enum: ['ACTIVE', 'EXPIRED'] },
        activeCart: object({ cartRef: object({ id: TEXT }) }),
        metadata: { type: 'object' },
      },
      { customer: { type: 'object' } },
    ),
  },
  {
    name: 'POST recurring-payment-jobs',
    pattern: /^POST recurring-payment-jobs$/,
    isCorrelated: true,
    request: object(JOB, { key: TEXT }),
    answer: object({ ...VERSIONED, ...JOB }, { key: TEXT }),
  },
  {
    name: 'GET recurring-payment-jobs/key={key}',
    pattern: /^GET recurring-payment-jobs\/key=[^/]+$/,
    isCorrelated: true,
    answer: object({ ...VERSIONED, ...JOB }, { key: TEXT }),
  },
  {
    name: 'GET recurring-payment-jobs',
    pattern: /^GET recurring-payment-jobs$/,
    isCorrelated: true,
    answer: object({ limit: INTEGER, offset: INTEGER, count: INTEGER, results: { type: 'array' } }, { total: INTEGER }),
  },
  {
    name: 'POST /oauth/token',
    pattern: /^POST \/oauth\/token$/,
    isCorrelated: false,
    request: object({ grant_type: { const: 'client_credentials' } }, { scope: TEXT }),
    answer: object({ access_token: TEXT, expires_in: INTEGER, scope: TEXT, token_type: { const: 'Bearer' } }),
  },
  {
    name: 'POST /oauth/introspect',
    pattern: /^POST \/oauth\/introspect$/,
    isCorrelated: false,
    request: object({ token: TEXT }),
    answer: object({ active: { type: 'boolean' } }, { scope: TEXT, exp: INTEGER, client_id: TEXT }),
  },
  {
    name: 'GET /.well-known/jwks.json',
    pattern: /^GET \/\.well-known\/jwks\.json$/,
    isCorrelated: false,
    answer: object({
      keys: { type: 'array', items: { type: 'object', required: ['kid', 'kty', 'n', 'e'] } },
    }),
  },
];
