// What commercetools' documentation says beyond the types of its SDK, as far as we use it.

/** A resource's key: 2 to 256 letters, digits, hyphens and underscores. */
export const KEY = /^[A-Za-z0-9_-]{2,256}$/;

/** Bounds of paged queries. */
export const QUERY_LIMITS: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  limit: { min: 1, max: 500 },
  offset: { min: 0, max: 10_000 },
};

/** Fields that a query predicate cannot name, by resource: a stored method's token is masked and not searchable. */
export const NOT_QUERYABLE: Readonly<Record<string, readonly string[]>> = { 'payment-methods': ['token'] };

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
