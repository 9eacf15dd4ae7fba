import * as z from 'zod';

/**
 * A variable that contains JSON; its value is the output of `schema`. A mistake is reported with its path inside the
 * JSON.
 */
export const jsonValue = <S extends z.ZodType>(schema: S) =>
  z.string().transform((text, context) => read(text, schema, context));

/** Like `jsonValue`, for JSON that is passed on unchanged: the value is the text. */
export const jsonText = <S extends z.ZodType>(schema: S) =>
  z.string().transform((text, context) => {
    read(text, schema, context);
    return text;
  });

function read<S extends z.ZodType>(text: string, schema: S, context: z.RefinementCtx): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
}
