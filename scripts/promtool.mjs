// The stage `alerts`: the chart's Prometheus rules, checked and tested by promtool.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { prometheusTool } from './prometheus.mjs';
import { ended, ToolMissing } from './tools.mjs';

const WRITER = join(import.meta.dirname, '../monitoring/src/write-alert-tests.ts');

/** Checks the rule files and runs the cases of every alert. Each file and each alert counts as one check. */
export async function testAlerts() {
  let tool;
  try {
    [tool] = await prometheusTool('promtool');
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error;
    return { passed: 0, failed: 1, output: `${error.message} (npm test -- --without alerts leaves it out.)` };
  }
  const folder = mkdtempSync(join(tmpdir(), 'connector-alerts-'));
  const failures = [];
  let passed = 0;
  const check = async (...args) => {
    const { code, output } = await ended(tool, args, { cwd: folder });
    if (code === 0) passed += 1;
    else failures.push(`promtool ${args.join(' ')}\n${output.trim()}`);
  };
  try {
    const written = await ended(execPath, [WRITER, folder]);
    if (written.code !== 0) return { passed: 0, failed: 1, output: written.output };
    const files = readdirSync(folder).sort();
    for (const name of files.filter((file) => file.endsWith('.rules.yaml'))) {
      await check('check', 'rules', '--lint=all', '--lint-fatal', name);
    }
    for (const name of files.filter((file) => file.endsWith('.json'))) await check('test', 'rules', name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { passed, failed: failures.length, output: failures.join('\n\n') };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { passed, failed, output } = await testAlerts();
  if (output) console.log(output);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
