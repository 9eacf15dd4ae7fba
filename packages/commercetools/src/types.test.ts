import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Commercetools, createCommercetools } from './client.ts';
import { customTypes, ensureTypes, removeTypes } from './types.ts';

let server: Server;
let commercetools: Commercetools;
/** The project's resources by key, and every write in order. */
let types: Record<string, { version: number; fieldDefinitions: { name: string }[]; isUsed?: boolean }>;
let writes: string[];

beforeEach(async () => {
  types = {};
  writes = [];
  server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    const answer = (status: number, json: object) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    if (req.url?.startsWith('/oauth')) return answer(200, { access_token: 'token', expires_in: 3600, scope: '' });
    if (req.method !== 'GET') writes.push(`${req.method} ${req.url?.split('?')[0]} ${body}`);
    const key = /\/types\/key=([^?]+)/.exec(req.url ?? '')?.[1] ?? '';
    const type = types[key];
    if (req.method === 'POST' && key === '') return answer(201, {});
    if (!type) return answer(404, { statusCode: 404, message: 'not found', errors: [{ code: 'ResourceNotFound' }] });
    if (req.method === 'DELETE' && type.isUsed) {
      const message = "Can not delete a type while it is referenced from at least one 'customer'.";
      return answer(400, { statusCode: 400, message, errors: [{ code: 'ReferenceExists', message }] });
    }
    return answer(200, type);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = {
    CTP_PROJECT_KEY: 'shop',
    CTP_CLIENT_ID: 'a',
    CTP_CLIENT_SECRET: 'b',
    CTP_AUTH_URL: url,
    CTP_API_URL: url,
  };
  commercetools = createCommercetools(env, { log: createLogger('test', 'silent') });
});
afterEach(async () => {
  await commercetools.close();
  server.closeAllConnections();
  server.close();
});

const DRAFTS = customTypes({ customer: 'our-customers', purchaseOrder: 'our-orders' }).slice(0, 2);

it('ensureTypes adds missing fields to our types, and changes no type under another key (X-14)', async () => {
  types['our-customers'] = { version: 3, fieldDefinitions: [{ name: 'loyalty' }] };
  types['their-customers'] = { version: 1, fieldDefinitions: [] };
  expect(await ensureTypes(commercetools, DRAFTS)).toEqual([
    { key: 'our-customers', outcome: 'extended' },
    { key: 'our-orders', outcome: 'created' },
  ]);
  expect(writes).toHaveLength(2);
  expect(writes[0]).toContain(
    'POST /shop/types/key=our-customers {"version":3,"actions":[{"action":"addFieldDefinition"',
  );
  expect(writes.join()).not.toContain('their-customers');
});

it('removeTypes keeps types that are in use or have fields of others, and deletes the rest', async () => {
  types.used = { version: 1, fieldDefinitions: [{ name: 'a' }], isUsed: true };
  types.shared = { version: 1, fieldDefinitions: [{ name: 'a' }, { name: 'loyalty' }] };
  types.free = { version: 7, fieldDefinitions: [{ name: 'a' }] };
  const own = ['used', 'shared', 'free', 'gone'].map((key) => ({ kind: 'type' as const, key, fields: ['a'] }));
  expect(await removeTypes(commercetools, own, { dryRun: true })).toContainEqual({ key: 'free', outcome: 'deleted' });
  expect(writes).toEqual([]);
  expect(await removeTypes(commercetools, own, { dryRun: false })).toEqual([
    { key: 'used', outcome: 'in use' },
    { key: 'shared', outcome: "has others' fields" },
    { key: 'free', outcome: 'deleted' },
    { key: 'gone', outcome: 'absent' },
  ]);
  expect(writes.map((write) => write.trim())).toEqual(['DELETE /shop/types/key=used', 'DELETE /shop/types/key=free']);
});
