import { invalidParameter } from '../errors.ts';
import { Params, type RawParams } from '../params.ts';

const MAX_ITEMS = 200;
const MAX_CODE = 12;
const MAX_NAME = 1024;
const ITEM = [
  'discount_amount',
  'payment_method_options',
  'product_code',
  'product_name',
  'quantity',
  'tax',
  'unit_cost',
  'unit_of_measure',
];
const TAX = ['total_tax_amount'];

/**
 * Refuses line items that do not come to `amount`, as Stripe does unless it is asked not to enforce its arithmetic: the items with their taxes, and
 * shipping, less the discount.
 */
export function checkAmountDetails(params: Params, amount: number): void {
  const details = params.object('amount_details');
  if (!details) return;
  // What is not unset has to be of its kind, whatever else is said.
  const shipping = details.isUnset('shipping') ? 0 : (details.object('shipping')?.integer('amount') ?? 0);
  const discount = details.isUnset('discount_amount') ? 0 : (details.integer('discount_amount') ?? 0);
  const tax = details.isUnset('tax') ? 0 : (details.object('tax')?.integer('total_tax_amount') ?? 0);
  if (details.isUnset('line_items') || !details.has('line_items')) return;
  const raw = Object.values(details.raw.line_items as Record<string, RawParams>);
  if (raw.length > MAX_ITEMS) throw wrong('line_items', `There is a maximum of ${MAX_ITEMS} line items.`);
  const sum = raw.reduce((total, each) => total + costOf(new Params(each, 'amount_details[line_items]')), 0);
  const total = sum + shipping + tax - discount;
  if (total === amount || details.boolean('enforce_arithmetic_validation') === false) return;
  throw wrong('line_items', `The line items come to ${total}, the amount is ${amount}.`);
}

function costOf(item: Params): number {
  refuseOthers(item.raw, ITEM, '');
  if (item.requiredString('product_name').length > MAX_NAME) {
    throw wrong('line_items', `product_name has at most ${MAX_NAME} characters.`);
  }
  const code = item.string('product_code');
  if (code && code.length > MAX_CODE) throw wrong('line_items', `product_code has at most ${MAX_CODE} characters.`);
  const [quantity, unit] = [item.integer('quantity') ?? 0, item.integer('unit_cost') ?? -1];
  if (quantity < 1 || unit < 0) throw wrong('line_items', 'quantity must be above 0, and unit_cost not below it.');
  const tax = item.object('tax');
  refuseOthers(tax?.raw ?? {}, TAX, '[tax]');
  return quantity * unit + (tax?.integer('total_tax_amount') ?? 0);
}

function refuseOthers(raw: RawParams, known: readonly string[], within: string): void {
  const other = Object.keys(raw).find((name) => !known.includes(name));
  if (!other) return;
  const path = `amount_details[line_items]${within}[${other}]`;
  throw invalidParameter(path, `Received unknown parameter: ${path}`, 'parameter_unknown');
}

const wrong = (name: string, message: string) => invalidParameter(`amount_details[${name}]`, message);
