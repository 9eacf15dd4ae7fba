import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const require = createRequire(import.meta.url);

/**
 * The types of the `stripe` package, whose API version is ours: they judge the fields that Stripe's published description does not
 * have, as newer ones, or ones that it leaves out as legacy.
 */
export function readStripeTypings() {
  const entry = require.resolve('stripe');
  const file = join(dirname(entry), '../esm/stripe.esm.node.d.ts');
  const program = ts.createProgram([file], {
    strict: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const types = new Map<string, ts.Type>();
  for (const source of program.getSourceFiles()) {
    // Further down are those of other products, with names of the same: Issuing has a Dispute, too.
    if (!/\/stripe\/esm\/resources\/[^/]+$/.test(source.fileName)) continue;
    const module = checker.getSymbolAtLocation(source);
    for (const symbol of module ? checker.getExportsOfModule(module) : []) {
      if (symbol.flags & ts.SymbolFlags.Interface) types.set(symbol.name, checker.getDeclaredTypeOfSymbol(symbol));
    }
  }

  /** The alternatives of a type, `undefined` left out: a field that is there has a value. */
  const alternatives = (type: ts.Type): readonly ts.Type[] =>
    (type.isUnion() ? type.types : [type]).filter((each) => !(each.flags & ts.TypeFlags.Undefined));

  const fieldOf = (type: ts.Type, name: string): ts.Type | undefined => {
    for (const each of alternatives(type)) {
      const element = checker.isArrayType(each) ? checker.getTypeArguments(each as ts.TypeReference)[0] : each;
      const property = element && checker.getPropertyOfType(element, name);
      if (property) return checker.getTypeOfSymbol(property);
      const index = element && checker.getIndexTypeOfType(element, ts.IndexKind.String);
      if (index) return index;
    }
    return undefined;
  };

  /** Whether a value is of a type; in a form every value is a text. */
  const fits = (value: unknown, type: ts.Type, isForm: boolean): boolean =>
    alternatives(type).some((each) => {
      if (each.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return true;
      if (value === null) return Boolean(each.flags & ts.TypeFlags.Null) || isEmptyable(each);
      if (each.isStringLiteral()) return value === each.value;
      if (each.flags & ts.TypeFlags.StringLike) return typeof value === 'string';
      if (each.isNumberLiteral()) return Number(value) === each.value;
      if (each.flags & ts.TypeFlags.NumberLike)
        return isForm ? !Number.isNaN(Number(value)) : typeof value === 'number';
      if (each.flags & ts.TypeFlags.BooleanLike)
        return isForm ? /^(true|false)$/.test(String(value)) : typeof value === 'boolean';
      if (checker.isArrayType(each)) {
        const [element] = checker.getTypeArguments(each as ts.TypeReference);
        return Array.isArray(value) && element !== undefined && value.every((one) => fits(one, element, isForm));
      }
      if (typeof value !== 'object' || value === null) return false;
      return Object.entries(value).every(([name, inner]) => {
        const field = fieldOf(each, name);
        return field !== undefined && fits(inner, field, isForm);
      });
    });
  const isEmptyable = (type: ts.Type): boolean => type.isStringLiteral() && type.value === '';

  return {
    /** Whether the field at `path` of the named type (indexes left out) exists and may have this value. */
    allows(name: string, path: readonly string[], value: unknown, { isForm = false } = {}): boolean {
      let type = types.get(name);
      for (const step of path) type = type && fieldOf(type, step);
      return type !== undefined && fits(value, type, isForm);
    },
  };
}
