import type { z } from 'zod';
import { invalidJson } from './errors.ts';

/** A request body by its schema. Throws ApiError 400 InvalidJsonInput, naming the first field that is wrong. */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalidJson(`${issue?.path.join(' -> ')}: ${issue?.message}`);
}
