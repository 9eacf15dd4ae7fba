import { NotFoundError } from './errors.ts';

/** What is found, or undefined where the asked side has no such thing. Throws every other error as it is. */
export async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
