// Prometheus and promtool: the machine's own, or those of Debian's package, unpacked without an installation. Uses only
// Node's built-ins.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { ended, ToolMissing } from './tools.mjs';

const CACHE = join(import.meta.dirname, '../.cache/tools');
const UNPACKED = join(CACHE, 'prometheus');

const MISSING = {
  prometheus: 'Prometheus is needed to observe the system: install it, or set PROMETHEUS to its path.',
  promtool: 'promtool is needed to test the alerts: install Prometheus, or set PROMTOOL to its path.',
};

/**
 * Command line of `prometheus` or `promtool`, without the caller's arguments: PROMETHEUS or PROMTOOL, the one on PATH,
 * or Debian's. Throws ToolMissing.
 */
export async function prometheusTool(name) {
  const given = [process.env[name.toUpperCase()], name].find((path) => path && succeeds(path, ['--version']));
  if (given) return [given];
  const binary = join(UNPACKED, 'usr/bin', name);
  if (!existsSync(binary)) await unpackFromDebian(MISSING[name]);
  // Debian keeps the pages of Prometheus's web interface beside the program.
  const pages = name === 'prometheus' ? [`--web.local-assets=${join(UNPACKED, 'usr/share/prometheus/web')}`] : [];
  return [binary, ...pages];
}

async function unpackFromDebian(missing) {
  if (!succeeds('apt-get', ['--version']) || !succeeds('dpkg', ['--version'])) throw new ToolMissing(missing);
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'prometheus-'));
  try {
    for (const path of ['lists/partial', 'archives/partial']) mkdirSync(join(work, path), { recursive: true });
    // Separate package lists, so that neither rights nor an update of the machine's lists are needed.
    const own = ['-o', `Dir::State::lists=${work}/lists`, '-o', `Dir::Cache=${work}`, '-o', 'APT::Sandbox::User='];
    const apt = async (...args) => {
      const { code, output } = await ended('apt-get', [...own, '-qq', ...args], { cwd: work });
      if (code !== 0) throw new ToolMissing(`${missing} (apt-get: ${output.trim().split('\n').at(-1)})`);
    };
    const packages = () => readdirSync(work).filter((file) => file.endsWith('.deb'));
    await apt('update');
    await apt('download', 'prometheus');
    // Files that the web interface's pages link to.
    const depends = spawnSync('dpkg-deb', ['-f', join(work, packages()[0]), 'Depends'], { encoding: 'utf8' }).stdout;
    await apt('download', 'libjs-d3', ...(depends.match(/\b(?:libjs|fonts)-[\w.+-]+/g) ?? []));
    for (const file of packages()) await ended('dpkg', ['-x', file, 'root'], { cwd: work });
    if (!succeeds(join(work, 'root/usr/bin/promtool'), ['--version'])) throw new ToolMissing(missing);
    rmSync(UNPACKED, { recursive: true, force: true });
    renameSync(join(work, 'root'), UNPACKED);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

// `node scripts/prometheus.mjs prometheus`: prints the command line as JSON, or what is missing.
if (argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(JSON.stringify(await prometheusTool(argv[2] === 'promtool' ? 'promtool' : 'prometheus')));
  } catch (error) {
    if (!(error instanceof ToolMissing)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
