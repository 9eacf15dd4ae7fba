import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPredicate } from './predicate.ts';
import { QUERY_FIELDS, type QueryFields } from './query-fields.ts';
import { type TestProject, testProject } from './test-project.ts';

const fieldsOf = (resource: string): QueryFields => QUERY_FIELDS[resource] as QueryFields;
const refusal = (resource: string, where: string): string | undefined => {
  try {
    checkPredicate(where, fieldsOf(resource));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a predicate that commercetools accepts', () => {
  it.each([
    ['payment', 'interfaceId = "pi_1"'],
    [
      'payment',
      'paymentMethodInfo(paymentInterface="checkout-stripe") and transactions(state="Pending" and type="Charge")',
    ],
    ['payment', 'transactions(id is defined) and not (transactions(state = "Initial"))'],
    ['payment', 'createdAt > "2026-11-01T00:00:00.000Z" and id > "a" or key in ("a", "b")'],
    ['payment', 'interfaceInteractions(fields(interactionId = "evt_1"))'],
    ['payment', 'custom(type(id = :type) and fields(launchpad = true))'],
    ['payment', 'amountPlanned(centAmount >= 100 and currencyCode != "EUR")'],
    ['payment', 'key in :keys'],
    ['payment', 'key is not defined and version <> 3'],
    ['payment', 'anonymousId not in ("a")'],
    ['cart', 'paymentInfo(payments(id in ("a", "b")))'],
    ['cart', 'paymentInfo is defined and cartState = "Active"'],
    ['cart', 'businessUnit(key = "acme") and `lineItems`(id = "x")'],
    ['order', 'cart(id = "c-1") and orderNumber = "o-1"'],
    ['type', 'resourceTypeIds contains any ("customer", "order")'],
    ['customer', 'email = "o\\"k@example.com"'],
    ['payment-method', 'customer(id="1") and paymentInterface="x" and name(en="Visa")'],
  ])('%s: %s', (resource, where) => {
    expect(refusal(resource, where)).toBeUndefined();
  });
});

describe('a predicate with an unknown field', () => {
  it.each([
    ['payment', 'intrfaceId = "x"', 'intrfaceId'],
    ['payment', 'transactions(intractionId = "x")', 'intractionId'],
    ['payment', 'key = "a" and not (transactions(amount(cents = 1)))', 'cents'],
    ['payment', 'id(key = "x")', 'key'],
    ['cart', 'paymentInfo(payments(key = "x"))', 'key'],
    ['cart', 'paymentInfo(payment(id = "x"))', 'payment'],
    ['order', 'cartId = "x"', 'cartId'],
    ['customer', 'adresses(city = "Kiel")', 'adresses'],
    ['payment-method', 'token(value = "pm_1")', 'token'],
  ])('is refused: %s: %s', (resource, where, field) => {
    expect(refusal(resource, where)).toBe(`Malformed parameter: where: The field '${field}' does not exist.`);
  });
});

describe('a predicate that cannot be parsed', () => {
  it.each([
    [
      'interfaceId=',
      "Syntax error while parsing 'where'. Unexpected end of input, expected input parameter or primitive value (line 1, column 13)",
    ],
    ['key("x")', "Invalid input '\"', expected 'not', a field or '(' (line 1, column 5)"],
    ['email ilike "a%"', "The field 'email' does not exist"],
    [
      'key ilike "a%"',
      "Invalid input 'i', expected comparison operator, not, in, contains, is, within or matches (line 1, column 5)",
    ],
    ['key = "a', "Invalid input '\"', expected a field (line 1, column 7)"],
    ['key = a', "Invalid input 'a', expected input parameter or primitive value (line 1, column 7)"],
    ['key = "a" key = "b"', "Invalid input 'k', expected 'and', 'or' or the end of input (line 1, column 11)"],
    ['transactions(state = "Initial"', "Unexpected end of input, expected ')'"],
    ['customer = "c-1"', "The field 'customer' has fields of its own"],
  ])('is refused with the position of its error: %s', (where, message) => {
    expect(refusal('payment', where)).toContain(message);
  });
});

describe('a query', () => {
  let test: TestProject;
  beforeAll(async () => {
    test = await testProject();
  });
  afterAll(() => test.simulator.close());
  const ask = async (path: string) => {
    const { status, body } = await test.call('GET', path);
    return { status, errors: body.errors as unknown[] };
  };

  it.each([
    ['/payments', 'where=transactions(stat%3D"x")', "Malformed parameter: where: The field 'stat' does not exist."],
    ['/carts', 'where=paymentInfo(payments(key%3D"x"))', "Malformed parameter: where: The field 'key' does not exist."],
    ['/orders', 'where=custom(typ(id%3D"x"))', "Malformed parameter: where: The field 'typ' does not exist."],
    ['/orders', 'limit=501', 'Malformed parameter: limit: The limit parameter must be in the range of [0..500]'],
    ['/carts', 'offset=10001', 'Malformed parameter: offset: The offset parameter must be in the range of [0..10000]'],
    ['/types', 'limit=many', 'Malformed parameter: limit: The limit parameter must be in the range of [0..500]'],
    [
      '/customers',
      'sort=createdAt sideways',
      "Malformed parameter: sort: 'createdAt sideways' is not '<field> asc' or '<field> desc'.",
    ],
  ])('of %s?%s is refused with 400 InvalidInput', async (path, query, message) => {
    expect(await ask(`${path}?${query}`)).toEqual({ status: 400, errors: [{ code: 'InvalidInput', message }] });
  });

  it('with an unknown sort field is refused, with a list of the existing fields', async () => {
    const message = expect.stringMatching(
      /^Malformed parameter: sort: Invalid query field 'typo' in sort path. Sortable fields are: `amountPlanned`, `anonymousId`/,
    );
    expect(await ask('/payments?sort=transactions.typo asc')).toEqual({
      status: 400,
      errors: [{ code: 'InvalidInput', message }],
    });
  });
});
