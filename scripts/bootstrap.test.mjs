import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isInstalled, missingTools } from './bootstrap.mjs';

let folder;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bootstrap-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('missing tools of a machine', () => {
  const has = async (tools) => {
    for (const [name, script] of Object.entries(tools)) {
      await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, name), 0o755);
    }
    return { PATH: folder };
  };
  const java = (version) => `echo 'openjdk version "${version}" 2025-04-15' >&2`;
  const NO_JAVA = expect.stringMatching(/^Java 17 or newer is needed to run Kafka \(there is none\)/);
  const NO_MAVEN = expect.stringMatching(/^Maven \(mvn\) is needed to download Kafka/);

  it.each([
    ['Java 17 with Maven', { java: java('17.0.15'), mvn: 'exit 0' }, false, []],
    ['a newer Java with Maven', { java: java('25'), mvn: 'exit 0' }, false, []],
    ['Java alone, once Kafka is downloaded', { java: java('17.0.15') }, true, []],
    ['Docker alone', { docker: 'exit 0' }, false, []],
    ['nothing', {}, false, [NO_JAVA, NO_MAVEN]],
    ['Docker that does not run', { docker: 'exit 1' }, false, [NO_JAVA, NO_MAVEN]],
    ['Java 17 without Maven', { java: java('17.0.15') }, false, [NO_MAVEN]],
    ['Java 8', { java: java('1.8.0_402'), mvn: 'exit 0' }, false, [expect.stringMatching(/\(this is 8\)/)]],
  ])('%s', async (_machine, tools, hasJars, sentences) => {
    expect(missingTools(await has(tools), hasJars)).toEqual(sentences);
  });

  it('needs neither Java nor Maven when a cluster is given', () => {
    expect(missingTools({ PATH: folder, KAFKA_BROKERS: 'broker:9092' }, false)).toEqual([]);
  });
});

describe('whether the packages are installed', () => {
  const locked = {
    '': { version: '1.0.0' },
    'packages/own': { version: '0.1.0' },
    'node_modules/own': { link: true },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  };
  const { 'node_modules/other-platform': _, '': __, ...whole } = locked;

  it.each([
    ['all packages of package-lock.json are installed', whole, true],
    ['nothing was installed, or an installation was cut short', undefined, false],
    ['a package is missing', { ...whole, 'node_modules/a': undefined }, false],
    ['a package has another version', { ...whole, 'node_modules/a': { version: '0.9.0' } }, false],
    ['a workspace is not linked', { ...whole, 'node_modules/own': undefined }, false],
  ])('%s', async (_rule, installed, expected) => {
    await mkdir(join(folder, 'node_modules'));
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages: locked }));
    if (installed) {
      await writeFile(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
    }
    expect(isInstalled(folder)).toBe(expected);
  });
});
