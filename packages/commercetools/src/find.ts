import { orUndefined } from '@connector/errors';
import { CommercetoolsRejection } from './errors.ts';

/**
 * What a GET by id or key finds; undefined when there is no such resource. commercetools refuses (InvalidInput) a text that cannot be an id or a key, and such a
 * text, for example in metadata that somebody edited, names nothing. Throws every other error as it is.
 */
export async function found<T>(get: Promise<T>): Promise<T | undefined> {
  try {
    return await orUndefined(get);
  } catch (error) {
    if (error instanceof CommercetoolsRejection && error.code === 'InvalidInput') return undefined;
    throw error;
  }
}
