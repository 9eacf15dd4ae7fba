/** One entry of `errors` in a commercetools error body. */
export interface ErrorObject {
  readonly code: string;
  readonly message: string;
  readonly [extra: string]: unknown;
}

/** An error answer of the commercetools API; `body()` is its wire format. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly errors: readonly ErrorObject[];

  constructor(status: number, code: string, message: string, extra: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.errors = [{ code, message, ...extra }];
  }

  body(): Record<string, unknown> {
    const code = this.errors[0]?.code;
    const isOAuth = this.status === 401 || this.status === 403 || code?.includes('_');
    return {
      statusCode: this.status,
      message: this.message,
      errors: this.errors,
      ...(isOAuth && { error: code, error_description: this.message }),
    };
  }
}

export const notFound = (what: string): ApiError =>
  new ApiError(404, 'ResourceNotFound', `The Resource with ${what} was not found.`);

export const invalidJson = (detailedErrorMessage: string): ApiError =>
  new ApiError(400, 'InvalidJsonInput', 'Request body does not contain valid JSON.', { detailedErrorMessage });

export const invalidInput = (message: string): ApiError => new ApiError(400, 'InvalidInput', message);

export const invalidOperation = (message: string): ApiError => new ApiError(400, 'InvalidOperation', message);

export const duplicateField = (field: string, duplicateValue: unknown, message?: string): ApiError =>
  new ApiError(
    400,
    'DuplicateField',
    message ?? `A duplicate value '"${duplicateValue}"' exists for field '${field}'.`,
    {
      field,
      duplicateValue,
    },
  );

export const referencedResourceNotFound = (
  typeId: string,
  ref: { id?: string | undefined; key?: string | undefined },
) =>
  new ApiError(
    400,
    'ReferencedResourceNotFound',
    `The referenced object of type '${typeId}' with ${ref.id ? `identifier '${ref.id}'` : `key '${ref.key}'`} was not found. ` +
      `It either doesn't exist, or it can't be accessed from this endpoint (e.g., if the endpoint filters by store or customer account).`,
    { typeId, ...(ref.id ? { id: ref.id } : { key: ref.key }) },
  );

export const concurrentModification = (id: string, expected: number, currentVersion: number): ApiError =>
  new ApiError(
    409,
    'ConcurrentModification',
    `Object ${id} has a different version than expected. Expected: ${expected} - Actual: ${currentVersion}.`,
    { currentVersion },
  );
