import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { toolPath } from '@connector/e2e-tests/tool';
import { SIMULATED_CALLS } from '@connector/simulator-stripe';
import type { Schema } from './schemas.ts';

/** Where the simulator reads what it refuses by. */
export const DESCRIBED_PARAMETERS = fileURLToPath(
  new URL('../../../simulators/stripe/src/described-parameters.json', import.meta.url),
);

/** The content of that file by Stripe's description: a shape or a call a line. */
export function described(file = toolPath('stripe-description', process.env.STRIPE_DESCRIPTION)): string {
  const { shapes, calls } = describedParameters(JSON.parse(readFileSync(file, 'utf8')), SIMULATED_CALLS);
  const lines = (entries: object): string =>
    Object.entries(entries)
      .map(([name, shape]) => `    ${JSON.stringify(name)}: ${JSON.stringify(shape)}`)
      .join(',\n');
  return `{\n  "shapes": {\n${lines(shapes)}\n  },\n  "calls": {\n${lines(calls)}\n  }\n}\n`;
}

/**
 * What a parameter may be, as `simulators/stripe` reads it: `text`, `text 22` (its longest), `integer`, `number`, `boolean`, `one of a|b`,
 * `anything`, `$name` of a shape, `{"[]": …}` for a list, `{"*": …}` for free names, an object by name (`name!` is required), or a list of
 * alternatives.
 */
type Shape = string | readonly Shape[] | { readonly [name: string]: Shape };

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly parameters?: readonly { in: string; name: string; required?: boolean; schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** The longest text where the description says nothing else. */
const USUAL_LENGTH = 5000;
/** Lists that grow with each release; the simulator knows the releases and the `stripe` package's events by itself. */
const GROWING = new Set(['api_version', 'enabled_events']);

/** The parameters of each of `calls` (as `POST payment_intents/:id`) that Stripe describes. */
function describedParameters(description: Description, calls: readonly string[]) {
  const shapes = new Map<string, Shape>();
  const found = calls.flatMap((call) => {
    const operation = operationOf(description, call);
    return operation ? [[call, shared(parametersOf(operation), shapes)] as const] : [];
  });
  return {
    shapes: Object.fromEntries([...shapes].toSorted(byName)),
    calls: Object.fromEntries(found.toSorted(byName)),
  };
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function operationOf({ paths }: Description, call: string): Operation | undefined {
  const [method = '', path = ''] = call.toLowerCase().split(' ');
  const pattern = new RegExp(`^/v1/${path.replace(':id', '\\{[^}]+\\}')}$`);
  const described = Object.keys(paths).find((each) => pattern.test(each) && paths[each]?.[method]);
  return described === undefined ? undefined : paths[described]?.[method];
}

function parametersOf({ parameters = [], requestBody }: Operation): Schema {
  const form = requestBody?.content['application/x-www-form-urlencoded']?.schema;
  if (form?.properties && Object.keys(form.properties).length > 0) return form;
  const query = parameters.filter((parameter) => parameter.in === 'query');
  return {
    type: 'object',
    properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
    required: query.filter(({ required }) => required).map(({ name }) => name),
  };
}

/** The shape of a call, with its objects put under names of their own, since most stand in several calls. */
function shared(form: Schema, shapes: Map<string, Shape>): Shape {
  const nameOf = (name: string, shape: Shape): string => {
    const text = JSON.stringify(shape);
    for (let n = 1; ; n += 1) {
      const id = n === 1 ? name : `${name}_${n}`;
      const taken = shapes.get(id);
      if (taken === undefined) shapes.set(id, shape);
      else if (JSON.stringify(taken) !== text) continue;
      return `$${id}`;
    }
  };
  const shapeOf = (schema: Schema, name: string): Shape => {
    if (schema.anyOf) {
      const all = (schema.anyOf as Schema[]).map((each) => shapeOf(each, name));
      const different = [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
      return different.length === 1 ? (different[0] as Shape) : different;
    }
    if (schema.enum) return GROWING.has(name) ? 'text' : `one of ${(schema.enum as string[]).join('|')}`;
    switch (schema.type) {
      case 'string':
        return schema.maxLength === undefined || schema.maxLength === USUAL_LENGTH
          ? 'text'
          : `text ${schema.maxLength}`;
      case 'integer':
      case 'number':
      case 'boolean':
        return schema.type;
      case 'array':
        return { '[]': shapeOf(schema.items as Schema, name) };
      case 'object': {
        if (schema.properties) {
          const inner = objectOf(schema);
          return Object.keys(inner).length > 0 ? nameOf(name, inner) : inner;
        }
        const free = schema.additionalProperties;
        return typeof free === 'object' && free !== null ? { '*': shapeOf(free as Schema, name) } : 'anything';
      }
      default:
        return 'anything';
    }
  };
  const objectOf = ({ properties = {}, required }: Schema): Shape =>
    Object.fromEntries(
      Object.entries(properties as Record<string, Schema>).map(([name, inner]) => [
        (required as string[] | undefined)?.includes(name) ? `${name}!` : name,
        shapeOf(inner, name),
      ]),
    );
  return objectOf(form);
}
