import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workspaces } from './workspaces.mjs';

const REPOSITORY = join(import.meta.dirname, '..');
/** A copy of what is under version control, without any installed package. */
const copy = mkdtempSync(join(tmpdir(), 'connector-clean-install-'));
/** The rooms whose workspaces are used without the others. Sandbox, simulators and tests run in the whole repository only. */
const ROOMS = /^(packages|services|enabler)\b/;
const run = promisify(execFile);

beforeAll(() => {
  const rooms = workspaces().map((path) => path.split('/')[0] as string);
  const paths = [...new Set(rooms), 'scripts', 'package.json', 'package-lock.json', '.npmrc', 'tsconfig.base.json'];
  const files = execFileSync('git', ['ls-files', '-z', '--', ...paths], { cwd: REPOSITORY, encoding: 'utf8' });
  for (const file of files.split('\0').filter(Boolean)) cpSync(join(REPOSITORY, file), join(copy, file));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

it.each(workspaces().filter((path) => ROOMS.test(path)))(
  '%s installs alone, and finds all that it uses',
  async (workspace) => {
    const npm = ['ci', '-w', workspace, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
    await run('npm', npm, { cwd: copy });
    // The compiler and Node's types are tools of the repository; every other type comes with the workspace.
    const config = {
      extends: './tsconfig.json',
      compilerOptions: { typeRoots: [join(REPOSITORY, 'node_modules/@types'), join(copy, 'node_modules')] },
      include: ['src'],
      exclude: ['**/*.test.ts', '**/testing.ts', '**/testing/**'],
    };
    const project = join(copy, workspace, 'tsconfig.alone.json');
    writeFileSync(project, JSON.stringify(config));
    const { stdout } = await run(join(REPOSITORY, 'node_modules/.bin/tsc'), ['-p', project], { cwd: copy }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  },
);
