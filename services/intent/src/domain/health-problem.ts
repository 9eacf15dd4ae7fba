/** Why a check failed, with a text and details that may be shown. */
export class HealthProblem extends Error {
  override readonly name = 'HealthProblem';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>>) {
    super(message);
    this.details = details;
  }
}
