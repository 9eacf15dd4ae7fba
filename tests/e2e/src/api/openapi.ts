import { readFileSync } from 'node:fs';
import * as z from 'zod';

interface Response {
  description: string;
  content?: Record<string, { schema: object }>;
  headers?: Record<string, unknown>;
}
interface Document {
  paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
  components: { schemas: Record<string, object> };
}

const document: Document = JSON.parse(
  readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8'),
) as Document;

/** Every `METHOD /path` with each status that it documents. */
export const documented: readonly (readonly [route: string, status: number])[] = Object.entries(document.paths).flatMap(
  ([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => [`${method.toUpperCase()} ${path}`, Number(status)] as const),
    ),
);

/** What is wrong with an answer by the document, in sentences; empty when it is as documented. */
export function undocumented(route: string, answer: { status: number; headers: Headers; text: string }): string[] {
  const [method = '', path = ''] = route.split(' ');
  const response = document.paths[path]?.[method.toLowerCase()]?.responses[answer.status];
  if (!response) return [`${route} does not document ${answer.status}`];
  const problems: string[] = [];
  const [contentType, content] = Object.entries(response.content ?? {})[0] ?? [];
  const given = answer.headers.get('content-type')?.split(';')[0];
  if (contentType === undefined) {
    if (answer.text !== '') problems.push(`a body where none is documented: ${answer.text}`);
  } else if (given !== contentType) problems.push(`content type ${given} instead of ${contentType}`);
  else {
    const body: unknown = contentType === 'application/json' ? JSON.parse(answer.text) : answer.text;
    const checked = schemaOf(content?.schema ?? {}).safeParse(body);
    if (!checked.success) problems.push(z.prettifyError(checked.error));
  }
  for (const header of Object.keys(response.headers ?? {})) {
    if (!answer.headers.has(header)) problems.push(`no header ${header}`);
  }
  return problems;
}

function schemaOf(schema: object): z.ZodType {
  const name = (schema as { $ref?: string }).$ref?.split('/').at(-1);
  return z.fromJSONSchema(
    (name ? document.components.schemas[name] : schema) as Parameters<typeof z.fromJSONSchema>[0],
  );
}
