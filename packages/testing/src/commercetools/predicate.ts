import { refused } from './refusal.ts';

/** Whether a resource, or an element of one of its lists, fulfils the predicate. */
type Condition = (resource: Fields) => boolean;
type Fields = Readonly<Record<string, unknown>>;

/** A quoted text, a sign, or a word: a field, a number, `in`, `and` and the like. */
const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|(<=|>=|<>|!=|[=<>(),])|([\w.-]+))\s*/y;
type Token = { readonly text: string; readonly isText: boolean };

const COMPARISONS: Readonly<Record<string, (found: string | number, given: string | number) => boolean>> = {
  '=': (found, given) => found === given,
  '!=': (found, given) => found !== given,
  '<>': (found, given) => found !== given,
  '<': (found, given) => found < given,
  '>': (found, given) => found > given,
  '<=': (found, given) => found <= given,
  '>=': (found, given) => found >= given,
};

/**
 * A query predicate of commercetools, as far as the connector uses them: comparisons, `in`, `is defined`, fields of
 * fields and of list elements, `and`, `or`, parentheses. Throws commercetools' refusal of a predicate that cannot be
 * parsed.
 */
export function conditionOf(predicate: string): Condition {
  const parser = new Parser(tokensOf(predicate));
  const condition = parser.either();
  parser.end();
  return condition;
}

function tokensOf(predicate: string): Token[] {
  const tokens: Token[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < predicate.length; ) {
    const [, text, sign, word] = TOKEN.exec(predicate) ?? [];
    const plain = sign ?? word;
    if (text !== undefined) tokens.push({ text: text.replace(/\\(.)/g, '$1'), isText: true });
    else if (plain !== undefined) tokens.push({ text: plain, isText: false });
    else throw refused('InvalidInput');
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw refused('InvalidInput');
  }

  either(): Condition {
    const conditions = [this.#all()];
    while (this.#takes('or')) conditions.push(this.#all());
    return (resource) => conditions.some((holds) => holds(resource));
  }

  #all(): Condition {
    const conditions = [this.#one()];
    while (this.#takes('and')) conditions.push(this.#one());
    return (resource) => conditions.every((holds) => holds(resource));
  }

  #one(): Condition {
    if (this.#takes('(')) return this.#closed(this.either());
    const { text: field, isText } = this.#next();
    if (isText) throw refused('InvalidInput');
    if (this.#takes('(')) {
      const inner = this.#closed(this.either());
      return (resource) => elementsOf(resource[field]).some(inner);
    }
    if (this.#takes('is')) {
      const isWanted = !this.#takes('not');
      if (!this.#takes('defined')) throw refused('InvalidInput');
      return (resource) => (resource[field] !== undefined) === isWanted;
    }
    if (this.#takes('in')) {
      const wanted = this.#list();
      return (resource) => wanted.some((value) => comparable(resource[field]) === value);
    }
    const compare = COMPARISONS[this.#next().text];
    if (!compare) throw refused('InvalidInput');
    const value = this.#value();
    return (resource) => {
      const found = comparable(resource[field]);
      return found !== undefined && compare(found, value);
    };
  }

  #list(): (string | number)[] {
    if (!this.#takes('(')) throw refused('InvalidInput');
    const values = [this.#value()];
    while (this.#takes(',')) values.push(this.#value());
    return this.#closed(values);
  }

  #value(): string | number {
    const { text, isText } = this.#next();
    const value = comparable(isText ? text : Number(text));
    if (value === undefined) throw refused('InvalidInput');
    return value;
  }

  #closed<T>(inner: T): T {
    if (!this.#takes(')')) throw refused('InvalidInput');
    return inner;
  }

  #takes(word: string): boolean {
    const token = this.#tokens[this.#at];
    const isIt = token !== undefined && !token.isText && token.text === word;
    if (isIt) this.#at += 1;
    return isIt;
  }

  #next(): Token {
    const token = this.#tokens[this.#at];
    if (!token) throw refused('InvalidInput');
    this.#at += 1;
    return token;
  }
}

const elementsOf = (value: unknown): Fields[] =>
  Array.isArray(value) ? value : typeof value === 'object' && value !== null ? [value as Fields] : [];

/** Times are compared as times, however many digits they are written with. */
function comparable(value: unknown): string | number | undefined {
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : value;
  if (typeof value !== 'string') return undefined;
  return /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : value;
}
