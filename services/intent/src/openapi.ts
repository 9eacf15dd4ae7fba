import type { Access } from '@connector/contracts';
import * as z from 'zod';
import packageJson from '../package.json' with { type: 'json' };
import type { Answered, RouteDefinition } from './http/route.ts';
import { errorSchema, unauthorizedSchema } from './http/schemas.ts';

type Json = Record<string, unknown>;

/** Security schemes in OpenAPI's form. */
const SECURITY_SCHEMES = {
  session: { type: 'apiKey', in: 'header', name: 'X-Session-Id', description: 'commercetools Checkout session' },
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: "A Merchant Center user's JWT" },
  oauth2: { type: 'http', scheme: 'bearer', description: 'Access token of an API client of the project' },
} as const;

/** The OpenAPI 3.1 document of the routes, from the schemas that check their requests and answers. */
export function openApiDocument(definitions: readonly RouteDefinition[]): Json {
  const paths: Record<string, Json> = {};
  for (const definition of definitions) {
    paths[definition.path] = { ...paths[definition.path], [definition.method]: operationOf(definition) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Stripe for commercetools Checkout: processor',
      description: packageJson.description,
      version: packageJson.version,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: { Error: schemaOf(errorSchema, 'output'), Unauthorized: schemaOf(unauthorizedSchema, 'output') },
    },
  };
}

function operationOf(definition: RouteDefinition): Json {
  const { id, summary, auth, params, headers, body, answers } = definition;
  const parameters = [...parametersOf('path', params), ...parametersOf('header', headers)];
  return {
    operationId: id,
    summary: permissions(summary, auth),
    security: auth.scheme === 'open' ? [] : [{ [auth.scheme]: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answered]) => [status, responseOf(answered)])),
      ...failuresOf(definition),
    },
  };
}

const permissions = (summary: string, auth: Access): string =>
  auth.scheme === 'oauth2' ? `${summary} (needs ${auth.anyOf.join(' or ')})` : summary;

function parametersOf(place: 'path' | 'header', schema: z.ZodObject | undefined): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: property,
  }));
}

function responseOf({ description, schema, contentType = 'application/json' }: Answered): Json {
  return { description, ...(schema && { content: { [contentType]: { schema: schemaOf(schema, 'output') } } }) };
}

const failure = (description: string, name: 'Error' | 'Unauthorized' = 'Error', headers?: Json): Json => ({
  description,
  ...(headers && { headers }),
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});

const RETRY_AFTER = { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } };

/** The failures of a route, from what it reads and whose failures it passes on; its own answers take precedence. */
function failuresOf({ auth, method, params, body, answers, passesOn = [] }: RouteDefinition): Json {
  const isPost = method === 'post';
  const isKnownCaller = auth.scheme !== 'open';
  const readsCommercetools = passesOn.includes('commercetools');
  const asksAnybody = passesOn.length > 0;
  const failures: readonly (readonly [status: number, may: boolean, failure: Json])[] = [
    [400, isPost || Boolean(params ?? body) || asksAnybody, failure('The request is wrong, or not possible')],
    [401, isKnownCaller, failure('The caller is unknown, or not allowed to do this', 'Unauthorized')],
    [402, passesOn.includes('stripe'), failure('Stripe declined')],
    [404, readsCommercetools, failure('The resource does not exist')],
    [409, passesOn.includes('commercetools updates'), failure('Others kept changing the resource')],
    [413, isPost, failure('The body is too large')],
    [429, true, failure('Too many requests', 'Error', RETRY_AFTER)],
    [500, asksAnybody, failure('Something unforeseen')],
    [503, isKnownCaller || asksAnybody, failure('A required service is not available', 'Error', RETRY_AFTER)],
  ];
  return Object.fromEntries(
    failures.filter(([status, may]) => may && !(status in answers)).map(([status, , response]) => [status, response]),
  );
}

/** JSON Schema of a zod schema for OpenAPI 3.1: inline, without dialect and ids. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const {
    $schema: _dialect,
    id: _id,
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    reused: 'inline',
    // Answers contain only the schema's fields, but readers must accept new fields.
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'object' && jsonSchema.additionalProperties === false) {
        delete jsonSchema.additionalProperties;
      }
      delete jsonSchema.id;
    },
  }) as Json;
  return rest;
}
