import { type ApiError, invalidInput } from './errors.ts';
import type { QueryFields } from './query-fields.ts';

interface Token {
  readonly kind: 'text' | 'number' | 'variable' | 'word' | 'sign' | 'end';
  readonly text: string;
  /** Its position in the predicate, from 1. */
  readonly column: number;
}

const PATTERNS = [
  ['text', /"(?:\\.|[^"\\])*"/y],
  ['variable', /:[\w-]+/y],
  ['number', /-?\d+(?:\.\d+)?(?![\w-])/y],
  ['word', /`[^`]+`|[\w-]+/y],
  ['sign', /<>|!=|<=|>=|[=<>(),]/y],
] as const;

const wrong = (message: string): ApiError => invalidInput(`Malformed parameter: where: ${message}`);

function tokensOf(where: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(where[at] ?? '')) at += 1;
    if (at >= where.length) return [...tokens, { kind: 'end', text: '', column: where.length + 1 }];
    const token = tokenAt(where, at);
    if (!token) throw unexpected({ kind: 'sign', text: where[at] ?? '', column: at + 1 }, 'a field');
    tokens.push(token);
    at += token.text.length;
  }
}

function tokenAt(where: string, at: number): Token | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const text = pattern.exec(where)?.[0];
    if (text !== undefined) return { kind, text, column: at + 1 };
  }
  return undefined;
}

const unexpected = ({ kind, text, column }: Token, expected: string): ApiError =>
  wrong(
    `Syntax error while parsing 'where'. ${kind === 'end' ? 'Unexpected end of input' : `Invalid input '${text[0]}'`}, expected ${expected} (line 1, column ${column})`,
  );

/**
 * Parses a query predicate, and refuses unknown fields at any depth. Throws ApiError 400 InvalidInput with
 * commercetools' message: a syntax error with its position, or the field.
 */
export function checkPredicate(where: string, fields: QueryFields): void {
  new PredicateReader(tokensOf(where)).whole(fields);
}

type Inside = QueryFields | 'any';

class PredicateReader {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(fields: Inside): void {
    this.#expression(fields);
    if (this.#token.kind !== 'end') throw unexpected(this.#token, "'and', 'or' or the end of input");
  }

  #expression(fields: Inside): void {
    do this.#condition(fields);
    while (this.#takes('and') || this.#takes('or'));
  }

  #condition(fields: Inside): void {
    if (this.#takes('not') || this.#token.text === '(') {
      this.#sign('(');
      this.#expression(fields);
      this.#sign(')');
      return;
    }
    const { kind, text } = this.#token;
    if (kind !== 'word' && kind !== 'number') throw unexpected(this.#token, "'not', a field or '('");
    this.#next += 1;
    const name = text.replaceAll('`', '');
    this.#test(name, fields === 'any' ? 'any' : fieldOf(fields, name));
  }

  /** The part after a field: a comparison, or conditions on the inner fields. */
  #test(name: string, field: Inside | 'value'): void {
    if (this.#token.text === '(') {
      const inside = field === 'value' ? {} : field;
      this.#sign('(');
      this.#expression(inside);
      this.#sign(')');
      return;
    }
    if (this.#takes('is')) {
      this.#takes('not');
      if (!this.#takes('defined') && !this.#takes('empty')) throw unexpected(this.#token, "'defined' or 'empty'");
      return;
    }
    if (this.#takes('contains')) {
      if (!this.#takes('all') && !this.#takes('any')) throw unexpected(this.#token, "'all' or 'any'");
      this.#arguments();
    } else if (typeof field === 'object') {
      throw wrong(`The field '${name}' has fields of its own and no value to compare.`);
    } else this.#comparison();
  }

  #comparison(): void {
    const isNot = this.#takes('not');
    if (this.#takes('in')) this.#arguments();
    else if (this.#takes('within')) {
      this.#takes('circle');
      this.#arguments();
    } else if (this.#takes('matches')) {
      this.#takes('ignore');
      this.#takes('case');
      this.#value();
    } else {
      if (isNot || !/^(?:=|!=|<>|<|>|<=|>=)$/.test(this.#token.text)) {
        throw unexpected(this.#token, 'comparison operator, not, in, contains, is, within or matches');
      }
      this.#next += 1;
      this.#value();
    }
  }

  #arguments(): void {
    if (this.#token.kind === 'variable') {
      this.#next += 1;
      return;
    }
    this.#sign('(');
    do this.#value();
    while (this.#takes(','));
    this.#sign(')');
  }

  #value(): void {
    const { kind, text } = this.#token;
    const isValue = kind === 'text' || kind === 'number' || kind === 'variable' || /^(?:true|false)$/.test(text);
    if (!isValue) throw unexpected(this.#token, 'input parameter or primitive value');
    this.#next += 1;
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token;
  }

  #takes(word: string): boolean {
    if (this.#token.kind === 'text' || this.#token.text.toLowerCase() !== word) return false;
    this.#next += 1;
    return true;
  }

  #sign(sign: string): void {
    if (this.#token.kind !== 'sign' || this.#token.text !== sign) throw unexpected(this.#token, `'${sign}'`);
    this.#next += 1;
  }
}

function fieldOf(fields: QueryFields, name: string): Inside | 'value' {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) throw wrong(`The field '${name}' does not exist.`);
  return field;
}
