import * as z from 'zod';

/** Layout of the payment element when none is configured. */
export const DEFAULT_LAYOUT = '{"type":"tabs","defaultCollapsed":false}';

const layoutType = z.enum(['tabs', 'accordion', 'auto']);

export const layoutSchema = z.looseObject({
  type: layoutType,
  defaultCollapsed: z.boolean().optional(),
  radios: z.boolean().optional(),
  spacedAccordionItems: z.boolean().optional(),
  visibleAccordionItemsCount: z.number().optional(),
});

const autoOrNever = z.enum(['auto', 'never']);
const showTerms = z.enum(['auto', 'always', 'never']);
const each = <K extends string, V extends z.ZodType>(keys: readonly K[], value: V) =>
  z.looseObject(Object.fromEntries(keys.map((key) => [key, value.optional()])) as Record<K, z.ZodOptional<V>>);

const TERMS = [
  'applePay',
  'auBecsDebit',
  'bancontact',
  'card',
  'cashapp',
  'googlePay',
  'ideal',
  'paypal',
  'sepaDebit',
  'sofort',
  'usBankAccount',
] as const;

/** The options of the payment element that may be set; unknown keys inside a value are allowed. */
const OPTIONS: Readonly<Record<string, z.ZodType>> = {
  terms: each(TERMS, showTerms),
  wallets: each(['applePay', 'googlePay'], autoOrNever),
  defaultValues: z.looseObject({
    billingDetails: z
      .looseObject({
        name: z.string().optional(),
        email: z.string().optional(),
        phone: z.string().optional(),
        address: each(['country', 'postal_code', 'state', 'city', 'line1', 'line2'], z.string()).optional(),
      })
      .optional(),
  }),
  fields: z.looseObject({
    billingDetails: z
      .union([
        autoOrNever,
        z.looseObject({
          name: autoOrNever.optional(),
          email: autoOrNever.optional(),
          phone: autoOrNever.optional(),
          address: z
            .union([
              z.enum(['auto', 'never', 'if_required']),
              each(['country', 'postalCode', 'state', 'city', 'line1', 'line2'], autoOrNever),
            ])
            .optional(),
        }),
      ])
      .optional(),
  }),
  business: z.looseObject({ name: z.string() }),
  paymentMethodOrder: z.array(z.string()),
  readOnly: z.boolean(),
  layout: z.union([layoutType, layoutSchema]),
};

/** The valid options as JSON text, and the problems of the others, by path. */
export interface PaymentElementOptions {
  readonly json: string;
  readonly problems: readonly string[];
}

/** Reads the configured options key by key; unknown or invalid ones are left out. */
export function readPaymentElementOptions(text: string | undefined): PaymentElementOptions {
  if (!text) return { json: '{}', problems: [] };
  const given = parseObject(text);
  if (!given) return { json: '{}', problems: ['must be a JSON object; none of it is used'] };
  const problems: string[] = [];
  const usable: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const schema = Object.hasOwn(OPTIONS, key) ? OPTIONS[key] : undefined;
    const parsed = schema?.safeParse(value);
    if (!parsed) problems.push(`${key} is not known and left out`);
    else if (parsed.success) usable[key] = value;
    else problems.push(`${[key, ...(parsed.error.issues[0]?.path ?? [])].join('.')} is not valid, ${key} is left out`);
  }
  return { json: JSON.stringify(usable), problems };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
