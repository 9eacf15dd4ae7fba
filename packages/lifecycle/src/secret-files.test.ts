import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type createLogger, metrics } from '@connector/telemetry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseConfig } from './config.ts';
import { followSecrets } from './secret-files.ts';

const schema = z.object({ CLIENT_ID: z.string(), CLIENT_SECRET: z.string() });
const NAMES = ['CLIENT_ID', 'CLIENT_SECRET'] as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);
/** Replaces a file like a renewed mount does: the new file takes the place of the old one atomically. */
function write(name: string, value: string): void {
  writeFileSync(file(`${name}.new`), value);
  renameSync(file(`${name}.new`), file(name));
}
const counted = async (outcome: string) => {
  const { values } = await metrics.secretFileReads.get();
  return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
};

function following(given: Record<string, string>) {
  let at = Date.parse('2026-01-01T00:00:00Z');
  const told: string[] = [];
  const log = { info: note, warn: note };
  function note(...words: unknown[]): void {
    told.push(JSON.stringify(words));
  }
  const config = { ...parseConfig(schema, given) };
  const secrets = followSecrets(config, NAMES, {
    log: log as unknown as ReturnType<typeof createLogger>,
    isUsable: ({ CLIENT_ID, CLIENT_SECRET }) => CLIENT_ID !== '' && CLIENT_SECRET !== '',
    now: () => at,
  });
  const later = () => {
    at += 5_000;
    return secrets();
  };
  const pass = (ms: number) => {
    at += ms;
  };
  return { secrets, later, told, pass, now: () => at };
}

describe('secrets in files', () => {
  beforeEach(() => {
    write('id', 'client-1\n');
    write('secret', 'secret-1\n');
  });
  const given = () => ({ CLIENT_ID_FILE: file('id'), CLIENT_SECRET_FILE: file('secret') });

  it('follow their files together without a restart, and only their names are logged', async () => {
    const before = await counted('changed');
    const { secrets, later, told } = following(given());
    expect(secrets()).toEqual({ CLIENT_ID: 'client-1', CLIENT_SECRET: 'secret-1' });
    write('id', 'client-2');
    write('secret', 'secret-2');
    // The file is not read for each use.
    expect(secrets()).toEqual({ CLIENT_ID: 'client-1', CLIENT_SECRET: 'secret-1' });
    expect(later()).toEqual({ CLIENT_ID: 'client-2', CLIENT_SECRET: 'secret-2' });
    expect(later()).toEqual(secrets());
    expect(told).toHaveLength(1);
    expect(told.join()).toContain('CLIENT_ID');
    expect(told.join()).not.toMatch(/client-|secret-/);
    expect((await counted('changed')) - before).toBe(1);
  });

  it('keep their values while a file cannot even be looked at', () => {
    const { later, told } = following(given());
    rmSync(file('secret'));
    // A link to itself fails as a folder without permission does, also for root.
    symlinkSync(file('secret'), file('secret'));
    expect(later()).toEqual({ CLIENT_ID: 'client-1', CLIENT_SECRET: 'secret-1' });
    expect(told).toHaveLength(1);
  });

  it('keep their values while a file is missing or unusable, which is logged once and counted', async () => {
    const before = await counted('unusable');
    const { secrets, later, told } = following(given());
    rmSync(file('secret'));
    expect(later()).toEqual({ CLIENT_ID: 'client-1', CLIENT_SECRET: 'secret-1' });
    write('secret', '');
    expect(later()).toEqual(secrets());
    expect(told).toHaveLength(1);
    write('secret', 'secret-2');
    expect(later()).toEqual({ CLIENT_ID: 'client-1', CLIENT_SECRET: 'secret-2' });
    expect((await counted('unusable')) - before).toBe(2);
  });

  it('wait for a file that is still being written, which counts neither as changed nor as unusable', async () => {
    const { secrets, now, pass, told } = following(given());
    const before = secrets();
    const writeInto = (name: string, value: string) => {
      writeFileSync(file(name), value);
      utimesSync(file(name), now() / 1_000, now() / 1_000);
    };
    const counts = async () => [await counted('changed'), await counted('unusable')];
    const counted0 = await counts();
    pass(60_000);
    writeInto('id', 'client-2');
    for (const half of ['', 'sec', 'secret-']) {
      writeInto('secret', half);
      pass(900);
      expect(secrets()).toEqual(before);
    }
    writeInto('secret', 'secret-2');
    expect(secrets()).toEqual(before);
    expect(await counts()).toEqual(counted0);
    pass(1_000);
    expect(secrets()).toEqual({ CLIENT_ID: 'client-2', CLIENT_SECRET: 'secret-2' });
    expect(told).toHaveLength(1);
  });

  it('of a file change beside one that was given as a variable, which keeps its value', () => {
    const { later } = following({ ...given(), CLIENT_ID: 'client-0' });
    write('id', 'client-2');
    write('secret', 'secret-2');
    expect(later()).toEqual({ CLIENT_ID: 'client-0', CLIENT_SECRET: 'secret-2' });
  });
});

it('secrets that were given as variables never change', () => {
  const { later } = following({ CLIENT_ID: 'client-1', CLIENT_SECRET: 'secret-1' });
  expect(later()).toEqual({ CLIENT_ID: 'client-1', CLIENT_SECRET: 'secret-1' });
});
