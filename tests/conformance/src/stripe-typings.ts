import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const require = createRequire(import.meta.url);

/**
 * The types of the `stripe` package, whose API version is ours: they judge the fields that Stripe's published description does not
 * have, as newer ones, or ones that it leaves out as legacy.
 */
export function readStripeTypings(): StripeTypings {
  const file = join(dirname(require.resolve('stripe')), '../esm/stripe.esm.node.d.ts');
  const program = ts.createProgram([file], {
    strict: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
  });
  return new StripeTypings(program.getTypeChecker(), program.getSourceFiles());
}

export class StripeTypings {
  readonly #checker: ts.TypeChecker;
  readonly #types = new Map<string, ts.Type>();

  constructor(checker: ts.TypeChecker, sources: readonly ts.SourceFile[]) {
    this.#checker = checker;
    for (const source of sources) {
      // Further down are those of other products, with names of the same: Issuing has a Dispute, too.
      if (!/\/stripe\/esm\/resources\/[^/]+$/.test(source.fileName)) continue;
      const module = checker.getSymbolAtLocation(source);
      for (const symbol of module ? checker.getExportsOfModule(module) : []) {
        if (symbol.flags & ts.SymbolFlags.Interface)
          this.#types.set(symbol.name, checker.getDeclaredTypeOfSymbol(symbol));
      }
    }
  }

  /** Whether the field at `path` of the named type (indexes left out) exists and may have this value. */
  allows(name: string, path: readonly string[], value: unknown, { isForm = false } = {}): boolean {
    let type = this.#types.get(name);
    for (const step of path) type = type && this.#fieldOf(type, step);
    return type !== undefined && this.#fits(value, type, isForm);
  }

  #fieldOf(type: ts.Type, name: string): ts.Type | undefined {
    for (const each of alternatives(type)) {
      const element = this.#elementOf(each) ?? each;
      const property = this.#checker.getPropertyOfType(element, name);
      if (property) return this.#checker.getTypeOfSymbol(property);
      const index = this.#checker.getIndexTypeOfType(element, ts.IndexKind.String);
      if (index) return index;
    }
    return undefined;
  }

  /** Of a list; undefined for another type. */
  #elementOf(type: ts.Type): ts.Type | undefined {
    return this.#checker.isArrayType(type) ? this.#checker.getTypeArguments(type as ts.TypeReference)[0] : undefined;
  }

  /** Whether a value is of a type; in a form every value is a text. */
  #fits(value: unknown, type: ts.Type, isForm: boolean): boolean {
    return alternatives(type).some((each) => {
      const scalar = isScalar(value, each, isForm);
      if (scalar !== undefined) return scalar;
      const element = this.#elementOf(each);
      if (element) return Array.isArray(value) && value.every((one) => this.#fits(one, element, isForm));
      if (typeof value !== 'object' || value === null) return false;
      return Object.entries(value).every(([name, inner]) => {
        const field = this.#fieldOf(each, name);
        return field !== undefined && this.#fits(inner, field, isForm);
      });
    });
  }
}

/** The alternatives of a type, `undefined` left out: a field that is there has a value. */
const alternatives = (type: ts.Type): readonly ts.Type[] =>
  (type.isUnion() ? type.types : [type]).filter((each) => !(each.flags & ts.TypeFlags.Undefined));

/** Whether a value is of a type that is no list and no object; undefined for one that is. */
function isScalar(value: unknown, type: ts.Type, isForm: boolean): boolean | undefined {
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return true;
  if (value === null) return Boolean(type.flags & ts.TypeFlags.Null) || (type.isStringLiteral() && type.value === '');
  if (type.isStringLiteral()) return value === type.value;
  if (type.flags & ts.TypeFlags.StringLike) return typeof value === 'string';
  if (type.isNumberLiteral()) return Number(value) === type.value;
  if (type.flags & ts.TypeFlags.NumberLike) return isForm ? !Number.isNaN(Number(value)) : typeof value === 'number';
  if (type.flags & ts.TypeFlags.BooleanLike)
    return isForm ? /^(true|false)$/.test(String(value)) : typeof value === 'boolean';
  return undefined;
}
