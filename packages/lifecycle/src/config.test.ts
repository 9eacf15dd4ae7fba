import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import * as z from 'zod';
import {
  baseUrl,
  ConfigError,
  commaList,
  emptyIsUnset,
  flag,
  integer,
  noPlaceholder,
  parseConfig,
  readConfig,
} from './config.ts';

const schema = z.object({
  URL: baseUrl(),
  SECRET: noPlaceholder(['xxx']),
  PORT: integer(0, 65535).default(8080),
  FLAG: flag().default(false),
  LIST: commaList().default([]),
});
const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    parseConfig(schema, env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
};

it('reads the given values and fills in defaults', () => {
  expect(parseConfig(schema, { URL: 'https://a.example/', SECRET: 's', LIST: 'a, b,,c', OTHER: 'ignored' })).toEqual({
    URL: 'https://a.example',
    SECRET: 's',
    PORT: 8080,
    FLAG: false,
    LIST: ['a', 'b', 'c'],
  });
});

it('names every problem at once, without any value', () => {
  const problems = problemsOf({ SECRET: 'xxx', PORT: '99999', FLAG: 'yes' });
  expect(problems).toEqual([
    'URL: is required',
    'SECRET: still has its placeholder value',
    'PORT: must be from 0 to 65535',
    'FLAG: must be true or false',
  ]);
});

it('treats an empty variable as unset only where the schema says so', () => {
  const settings = z.object({
    ...emptyIsUnset({ FLAG: flag().default(true), NAME: z.string().min(1).optional(), URL: baseUrl() }),
    TEXT: z.string().default('x'),
    SECRET: noPlaceholder(['xxx']).optional(),
  });
  const env = { FLAG: '', NAME: '', TEXT: '', URL: 'https://a.example' };
  expect(parseConfig(settings, env)).toEqual({ FLAG: true, TEXT: '', URL: 'https://a.example' });
  expect(() => parseConfig(settings, { ...env, URL: '' })).toThrow('URL: is required');
  expect(() => parseConfig(settings, { ...env, SECRET: '' })).toThrow('SECRET: must not be empty');
});

it('names problems between variables', () => {
  const together = ({ FLAG, LIST }: { FLAG: boolean; LIST: string[] }) =>
    FLAG && LIST.length === 0 ? ['LIST: is required with FLAG'] : [];
  expect(() => parseConfig(schema, { URL: 'https://a.example', SECRET: 's', FLAG: 'true' }, together)).toThrow(
    'LIST: is required with FLAG',
  );
});

it('removes a line break at the end of a secret and warns about it, without the secret', () => {
  const written: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    const { SECRET } = readConfig(schema, { URL: 'https://a.example', SECRET: 'of-a-file\n' });
    expect(SECRET).toBe('of-a-file');
  } finally {
    write.mockRestore();
  }
  expect(written.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/^a line break at the end of SECRET was/) }),
  ]);
  expect(written.join('')).not.toContain('of-a-file');
});

it('reads a secret from a file', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'secret');
  writeFileSync(file, 'from-file\n');
  expect(parseConfig(schema, { URL: 'https://a.example', SECRET_FILE: file }).SECRET).toBe('from-file');
  expect(problemsOf({ URL: 'https://a.example', SECRET_FILE: '/nowhere' })).toContain('SECRET_FILE: cannot be read');
});

it.each([
  ['http://localhost:8080', true],
  ['http://payments.localhost', true],
  ['http://payments.localhost.example.com', false],
  ['http://127.0.0.1:1', true],
  ['http://session-auth:8080', true],
  ['http://session-auth.shop.svc:8080', true],
  ['http://session-auth.shop.svc.cluster.local', true],
  ['https://api.example.com', true],
  ['http://api.example.com', false],
  ['ftp://localhost', false],
  ['not a url', false],
])('accepts %s as a base URL: %s', (url, accepted) => {
  expect(problemsOf({ URL: url, SECRET: 's' }).length === 0).toBe(accepted);
});
