import { readFileSync } from 'node:fs';
import { PAYMENT_EVENTS, TOPICS } from '@connector/contracts';
import { describe, expect, it } from 'vitest';
import { generated } from './generated.ts';
import { defaultValues, isMap, read, undocumentedValues, type Values } from './values.ts';
import { meanings, variablesOf } from './variables.ts';

/** Variables that follow from other values than `settings`, or from nothing. */
const FROM_ELSEWHERE =
  /^(HTTP_PORT|METRICS_PORT|METRICS_HOST|ADMIN_TOKEN|KAFKA_.+|CTP_.+|CONNECT_SERVICE_URL|STRIPE_(SECRET_KEY|API_BASE|PUBLISHABLE_KEY|ACCOUNT_ID|WEBHOOK_ID)|STRIPE_WEBHOOK_SIGNING_SECRET(_FILE)?|ENABLER_FILES|LOGGER_LEVEL|INTENT_URL|ORDERS_.+)$/;

it.each(Object.entries(generated()))('%s is up to date (write-generated.ts writes it)', (file, text) => {
  expect(read(file)).toBe(text);
});

it('every value is documented', () => {
  expect(undocumentedValues()).toEqual([]);
});

it('settings are exactly the variables of the services that no other value gives', () => {
  const known = [...meanings().keys()].filter((name) => !FROM_ELSEWHERE.test(name));
  expect(Object.keys(defaultValues().settings as Values).toSorted()).toEqual(known.toSorted());
});

it('every variable that the templates name is read by some part', () => {
  const all = new Set(Object.values(variablesOf()).flat());
  const templates = ['_config', '_env', '_volumes'].map((name) => read(`templates/${name}.tpl`)).join('');
  const named = templates.matchAll(/"((?:CTP|STRIPE|KAFKA|SESSION|CONNECT)_[A-Z_]+)"/g);
  const unread = [...named].flatMap(([, name]) => (name && !all.has(name) ? [name] : []));
  expect([...new Set(unread)]).toEqual([]);
});

describe('the rights of the Kafka users', () => {
  const rights = JSON.parse(read('files/acls.json')) as Record<string, { topic?: string; operations: string[] }[]>;

  it('are on topics and on groups by their names: nothing else is written for Kafka', () => {
    const known = new Set(['topic', 'group', 'operations']);
    const strange = Object.values(rights)
      .flatMap((list) => list.flatMap((right) => Object.keys(right)))
      .filter((key) => !known.has(key));
    expect(strange).toEqual([]);
  });

  it('name topics that exist', () => {
    const names = new Set(TOPICS.map(({ name }) => name));
    const unknown = Object.values(rights)
      .flat()
      .filter(({ topic }) => topic !== undefined && !names.has(topic));
    expect(unknown).toEqual([]);
  });

  it.each([
    [
      'only the ledger reads what can change a payment, and its reconcile-pending for operations without a result',
      PAYMENT_EVENTS,
      'Read',
      ['ledger', 'reconcile-pending'],
    ],
    [
      'only the ledger says what was recorded, and unordered what it settled',
      'payments.transactions',
      'Write',
      ['ledger', 'unordered'],
    ],
    [
      'only the ledger writes dead letters, and redrive notes what became of them',
      'payments.events.dlq',
      'Write',
      ['ledger', 'redrive'],
    ],
    ['only session-auth writes the audit trail', 'checkout.sessions', 'Write', ['session-auth']],
    ['nobody reads the audit trail', 'checkout.sessions', 'Read', []],
  ])('%s', (_what, topic, operation, users) => {
    const may = Object.entries(rights).filter(([, list]) =>
      list.some((right) => right.topic === topic && right.operations.includes(operation)),
    );
    expect(may.map(([user]) => user)).toEqual(users);
  });
});

describe('the schema', () => {
  const schema = JSON.parse(read('values.schema.json')) as Values;

  it('refuses keys it does not know, wherever keys have a meaning', () => {
    const open: string[] = [];
    const look = (node: unknown, path: string): void => {
      if (!isMap(node)) return;
      if (isMap(node.properties) && node.required === undefined && node.additionalProperties !== false) open.push(path);
      for (const [key, inner] of Object.entries(node)) look(inner, `${path}/${key}`);
    };
    look(schema, '');
    expect(open).toEqual([]);
  });
});

it('every dependency of the chart on files of the repository is packed with it', () => {
  const ignored = readFileSync(new URL('../.helmignore', import.meta.url), 'utf8').split('\n');
  expect(ignored).not.toContain('files/');
});
