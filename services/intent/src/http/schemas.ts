import * as z from 'zod';

/** A whole number; the original connector also accepts it as text. */
const wholeNumber = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);

export const amountSchema = z
  .object({ centAmount: wholeNumber, currencyCode: z.string() })
  .meta({ description: "Amount in the currency's minor units" });

/** Optional text. As in the original's validator, null counts as absent, and a number becomes its digits. */
export const optionalText = z
  .union([z.string(), z.number(), z.null()])
  .transform((value) => (value === null ? undefined : String(value)))
  .optional();

/** An optional value; null counts as absent. */
export const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

/** Id of a commercetools resource in a body: a UUID of any version and variant, as commercetools accepts it. */
export const uuid = z.guid();

export const moneySchema = z
  .object({ centAmount: z.int(), currencyCode: z.string(), fractionDigits: z.int() })
  .meta({ description: "Amount in the currency's minor units, of which there are 10^fractionDigits" });

/** Id of a commercetools resource in a path; nothing else is accepted. */
const resourceId = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/);
export const idParams = z.object({ id: resourceId });

/** The body of every failed request. */
export const errorSchema = z
  .looseObject({
    message: z.string(),
    statusCode: z.int(),
    errors: z.array(z.looseObject({ code: z.string(), message: z.string() })),
    correlationId: z.string().optional(),
  })
  .meta({ id: 'Error', description: "The first error's text, the status, and the errors one by one" });

/** As `Error`, with OAuth2's names of the first error. */
export const unauthorizedSchema = z
  .looseObject({
    message: z.string(),
    statusCode: z.literal(401),
    error: z.string(),
    error_description: z.string(),
    errors: z.array(z.looseObject({ code: z.string(), message: z.string() })),
    correlationId: z.string().optional(),
  })
  .meta({ id: 'Unauthorized' });
