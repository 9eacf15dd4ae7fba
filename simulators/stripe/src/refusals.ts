import { invalidParameter, StripeApiError } from './errors.ts';
import { API_VERSION } from './objects.ts';
import type { RawParams } from './params.ts';

/** The longest idempotency key that Stripe takes, in characters. */
const MAX_KEY_LENGTH = 255;
/** Names of Stripe's releases, each with its first date; versions before the first had a date alone. */
const RELEASES: Readonly<Record<string, string>> = {
  acacia: '2024-09-30',
  basil: '2025-03-31',
  clover: '2025-09-30',
  dahlia: '2026-03-25',
  endive: '2026-09-30',
};

/** A tree of the parameters that a parameter may have inside; `true`: anything. */
interface Known {
  readonly [name: string]: Known | true;
}
const tree = (text: string, more: Known = {}): Known => ({
  ...Object.fromEntries(text.split(' ').map((name) => [name, true as const])),
  ...more,
});
const ADDRESS = tree('city country line1 line2 postal_code state');
const SHIPPING = tree('carrier name phone tracking_number', { address: ADDRESS });
const BILLING = tree('email name phone tax_id', { address: ADDRESS });
const CARD_OPTIONS = tree(
  'capture_method cvc_token installments mandate_options moto network request_decremental_authorization request_extended_authorization request_incremental_authorization request_multicapture request_overcapture request_partial_authorization request_three_d_secure require_cvc_recollection setup_future_usage statement_descriptor_suffix_kana statement_descriptor_suffix_kanji statement_details stored_credential_transaction_type stored_credential_usage three_d_secure',
);

const ENABLED = tree('enabled');
const SHEET = tree('enabled', { features: tree('payment_method_allow_redisplay_filters payment_method_remove') });
const REDISPLAY =
  'payment_method_allow_redisplay_filters payment_method_redisplay payment_method_remove payment_method_save';
const COMPONENTS: Known = {
  buy_button: ENABLED,
  customer_sheet: SHEET,
  mobile_payment_element: tree('enabled', {
    features: tree(`${REDISPLAY} payment_method_save_allow_redisplay_override`),
  }),
  payment_element: tree('enabled', {
    features: tree(`${REDISPLAY} payment_method_redisplay_limit payment_method_save_usage`),
  }),
  pricing_table: ENABLED,
};
const PAYMENT_DETAILS = tree('car_rental customer_reference event_details flight order_reference subscription');
const AMOUNT_DETAILS = tree('discount_amount enforce_arithmetic_validation', {
  line_items: true,
  shipping: tree('amount from_postal_code to_postal_code'),
  tax: tree('total_tax_amount'),
});

/** What is known inside parameters, whichever call has them. Those that are not named here are taken as they come. */
const NESTED: Known = {
  address: ADDRESS,
  amount_details: AMOUNT_DETAILS,
  payment_details: PAYMENT_DETAILS,
  automatic_payment_methods: tree('allow_redirects enabled'),
  billing_details: BILLING,
  components: COMPONENTS,
  hooks: { inputs: { tax: tree('calculation') } },
  payment_method_data: tree(
    'allow_redisplay card customer metadata radar_options sepa_debit type ideal bancontact eps p24 klarna paypal giropay twint wero alipay affirm afterpay_clearpay us_bank_account bacs_debit au_becs_debit sofort link blik boleto customer_balance konbini multibanco oxxo',
    { billing_details: BILLING },
  ),
  payment_method_options: { card: CARD_OPTIONS },
  shipping: SHIPPING,
};
/** Methods that `payment_method_options` may name beside cards; what they take inside is not judged here. */
const METHOD_OPTIONS = tree(
  'acss_debit affirm afterpay_clearpay alipay alma amazon_pay au_becs_debit bacs_debit bancontact billie bizum blik boleto card card_present cashapp crypto customer_balance eps fpx giropay grabpay ideal interac_present kakao_pay klarna konbini kr_card link mb_way mobilepay multibanco naver_pay nz_bank_account oxxo p24 pay_by_bank payco paynow paypal payto pix promptpay revolut_pay samsung_pay satispay scalapay sepa_debit sofort swish twint upi us_bank_account wechat_pay zip',
);

/** Longest texts, in characters, by their path; from Stripe's description of its API. */
const MAX_LENGTHS: Readonly<Record<string, number>> = {
  description: 1000,
  email: 512,
  name: 256,
  phone: 20,
  statement_descriptor: 22,
  statement_descriptor_suffix: 22,
};
/** Of every other text but an address in the web. */
const MAX_LENGTH = 5000;
const IS_URL = /(?:^|_)url\]?$/;

/** Values of parameters that are taken as they come otherwise, by their path. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  off_session: ['true', 'false', 'one_off', 'recurring'],
  'payment_method_options[card][capture_method]': ['', 'manual'],
  'payment_method_options[card][request_three_d_secure]': ['any', 'automatic', 'challenge'],
  'payment_method_options[card][stored_credential_usage]': ['installment', 'recurring', 'unscheduled'],
};

/** Refuses what stands inside a parameter and Stripe does not know, or is too long. Throws StripeApiError 400. */
export function refuseNested(raw: RawParams): void {
  walk(raw, { ...NESTED, payment_method_options: { ...METHOD_OPTIONS, card: CARD_OPTIONS } }, '');
}

/** `known` is absent where anything may stand. */
function walk(value: RawParams, known: Known | undefined, at: string): void {
  for (const [name, inner] of Object.entries(value)) {
    const path = at ? `${at}[${name}]` : name;
    if (typeof inner === 'string') refuseText(path, inner);
    const within = known?.[name];
    if (at && known && within === undefined) {
      throw invalidParameter(path, `Received unknown parameter: ${path}`, 'parameter_unknown');
    }
    if (isObject(inner)) walk(inner, within === true ? undefined : within, path);
  }
}

function refuseText(path: string, text: string): void {
  const max = MAX_LENGTHS[path] ?? (IS_URL.test(path) ? Number.POSITIVE_INFINITY : MAX_LENGTH);
  if (text.length > max) {
    const ends = `${text.slice(0, 10)}...${text.slice(-5)}`;
    throw invalidParameter(path, `Invalid string: ${ends}; must be at most ${max} characters`);
  }
  const values = VALUES[path];
  if (values && !values.includes(text)) {
    throw invalidParameter(path, `Invalid ${path}: must be one of ${values.filter(Boolean).join(', ')}`);
  }
}

const isObject = (value: unknown): value is RawParams =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Refuses a `Stripe-Version` that never was. Throws StripeApiError 400. */
export function refuseVersion(version: string | undefined): void {
  if (version === undefined) return;
  const [, date = '', release] = /^(\d{4}-\d{2}-\d{2})(?:\.([a-z]+))?$/.exec(version) ?? [];
  const since = release === undefined ? '2011-01-01' : RELEASES[release];
  const isNamed = release !== undefined || date < (RELEASES.acacia ?? '');
  if (date && since && isNamed && date >= since && date <= API_VERSION.slice(0, 10)) return;
  throw new StripeApiError(
    400,
    { type: 'invalid_request_error', message: `Invalid Stripe API version: ${version}` },
    true,
  );
}

/** Refuses an idempotency key that is too long. Throws StripeApiError 400. */
export function refuseKey(key: string | undefined): void {
  if (key === undefined || key.length <= MAX_KEY_LENGTH) return;
  const message = `Idempotency-Key is too long: it can have up to ${MAX_KEY_LENGTH} characters.`;
  throw new StripeApiError(400, { type: 'invalid_request_error', message }, true);
}
