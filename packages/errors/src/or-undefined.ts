import { NotFoundError } from './errors.ts';

/** The result of `find`, or undefined for a NotFoundError. Throws every other error unchanged. */
export async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
