/** An answer of commercetools that is not 2xx. */
export class RefusedAnswer extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, code: string, field?: string) {
    super(code);
    this.status = status;
    this.body = { statusCode: status, message: code, errors: [{ code, message: code, ...(field && { field }) }] };
  }
}

export const notFound = () => new RefusedAnswer(404, 'ResourceNotFound');
/** commercetools' refusal of a request that can never succeed: 400 unless `status` says otherwise. */
export const refused = (code: string, field?: string) => new RefusedAnswer(400, code, field);
