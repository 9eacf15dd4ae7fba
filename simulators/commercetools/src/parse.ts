import type { z } from 'zod';
import { invalidJson } from './errors.ts';

/** Parses a request body with its schema. Throws ApiError 400 InvalidJsonInput, which names the first wrong field. */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalidJson(`${issue?.path.join(' -> ')}: ${issue?.message}`);
}
