// The stage `alerts`: the chart's Prometheus rules, checked and tested by promtool.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { ToolMissing } from './tools.mjs';

const CACHE = join(import.meta.dirname, '../.cache/tools');

/** Path of promtool: PROMTOOL, the one on PATH, or Debian's, unpacked without being installed. Throws ToolMissing. */
export async function promtool() {
  const given = [process.env.PROMTOOL, 'promtool'].find((path) => path && succeeds(path, ['--version']));
  if (given) return given;
  const unpacked = join(CACHE, 'promtool/promtool');
  if (!existsSync(unpacked)) await promtoolFromDebian(unpacked);
  return unpacked;
}

async function promtoolFromDebian(target) {
  const missing = 'promtool is needed to test the alerts; install Prometheus, or set PROMTOOL to its path.';
  if (!succeeds('apt-get', ['--version']) || !succeeds('dpkg', ['--version'])) throw new ToolMissing(missing);
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'promtool-'));
  try {
    for (const path of ['lists/partial', 'archives/partial']) mkdirSync(join(work, path), { recursive: true });
    // Lists of its own, so that neither rights nor an update of the machine's are needed.
    const own = ['-o', `Dir::State::lists=${work}/lists`, '-o', `Dir::Cache=${work}`, '-o', 'APT::Sandbox::User='];
    for (const [command, ...args] of [
      ['apt-get', ...own, '-qq', 'update'],
      ['apt-get', ...own, '-qq', 'download', 'prometheus'],
    ]) {
      const { code, output } = await ended(command, args, work);
      if (code !== 0) throw new ToolMissing(`${missing} (apt-get: ${output.trim().split('\n').at(-1)})`);
    }
    const [file] = readdirSync(work).filter((name) => name.endsWith('.deb'));
    if (!file || !succeeds('dpkg', ['-x', join(work, file), join(work, 'root')])) throw new ToolMissing(missing);
    const binary = join(work, 'root/usr/bin/promtool');
    if (!succeeds(binary, ['--version'])) throw new ToolMissing(missing);
    mkdirSync(join(target, '..'), { recursive: true });
    renameSync(binary, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Checks the rule files and runs the cases of every alert; each file and each alert is one check. */
export async function testAlerts() {
  const { filledRules, promtoolTests } = await import('../packages/telemetry/src/monitoring/promtool.ts');
  const tool = await promtool().catch((error) => {
    if (error instanceof ToolMissing) return error;
    throw error;
  });
  if (tool instanceof ToolMissing) {
    return { passed: 0, failed: 1, output: `${tool.message} (npm test -- --without alerts leaves it out.)` };
  }
  const folder = mkdtempSync(join(tmpdir(), 'connector-alerts-'));
  const failures = [];
  let passed = 0;
  const check = async (...args) => {
    const { code, output } = await ended(tool, args, folder);
    if (code === 0) passed += 1;
    else failures.push(`promtool ${args.join(' ')}\n${output.trim()}`);
  };
  try {
    const rules = filledRules();
    for (const [name, yaml] of rules) writeFileSync(join(folder, name), yaml);
    for (const [name] of rules) await check('check', 'rules', '--lint=all', '--lint-fatal', name);
    for (const [alert, json] of promtoolTests()) {
      writeFileSync(join(folder, `${alert}.json`), json);
      await check('test', 'rules', `${alert}.json`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { passed, failed: failures.length, output: failures.join('\n\n') };
}

function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function ended(command, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed, output } = await testAlerts();
  if (output) console.log(output);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
