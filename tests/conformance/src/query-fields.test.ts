import { QUERY_FIELDS, type QueryFields } from '@connector/simulator-commercetools';
import { describe, expect, it } from 'vitest';
import { hasPath, sdkDefinitions } from './commercetools-description.ts';
import { NOT_QUERYABLE } from './commercetools-facts.ts';
import type { Schema } from './schemas.ts';

const definitions = sdkDefinitions();

const typeNamed = (resource: string): string =>
  resource.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Every path that the simulator lets a predicate name. */
function pathsOf(fields: QueryFields, at: readonly string[] = []): string[][] {
  return Object.entries(fields).flatMap(([name, inner]) => {
    const path = [...at, name];
    return typeof inner === 'object' ? [path, ...pathsOf(inner, path)] : [path];
  });
}

describe.each(Object.entries(QUERY_FIELDS))('predicates of a %s', (resource, fields) => {
  it('may name no field that the type does not have, at any depth', () => {
    const type = typeNamed(resource);
    const unknown = pathsOf(fields).filter((path) => !hasPath(definitions, type, path));
    expect(unknown.map((path) => path.join('.'))).toEqual([]);
  });

  it('may name every field of the type that is no list of what cannot be asked for', () => {
    const { properties } = definitions[typeNamed(resource)] as { properties: Schema };
    const missing = Object.keys(properties).filter((name) => !Object.hasOwn(fields, name));
    expect(missing).toEqual(NOT_QUERYABLE[`${resource}s`] ?? []);
  });
});
