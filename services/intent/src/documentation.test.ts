import { readFileSync } from 'node:fs';
import { ACCESS } from '@connector/contracts';
import { expect, it } from 'vitest';
import { documentText } from './documentation.ts';

it('docs/openapi.json matches the routes (node services/intent/src/commands/openapi.ts writes it)', () => {
  const committed = readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8');
  expect(committed).toBe(documentText());
});

it('each route requires the credentials that gateways expect for its method and path', () => {
  const { paths } = JSON.parse(documentText()) as {
    paths: Record<string, Record<string, { security: Record<string, unknown>[] }>>;
  };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => [
      `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      Object.keys(security[0] ?? { open: [] })[0],
    ]),
  );
  const schemes = Object.entries(ACCESS).map(([route, { scheme }]) => [route, scheme] as const);
  const elsewhere = /^(POST \/stripe\/webhooks|GET \/connector-enabler\.\w+\.js|GET \/openapi\.json)$/;
  expect(Object.fromEntries(documented)).toEqual(
    Object.fromEntries(schemes.filter(([route]) => !elsewhere.test(route))),
  );
});
