// The needs of `npm start` and `npm test` before anything is installed. Uses only Node's built-ins, of any Node from 20
// on.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..');
const BIN = join(REPOSITORY, 'node_modules/.bin');
const KAFKA_CACHE = join(REPOSITORY, '.cache/kafka-4.1.1');

/** The Node version that the repository pins, whatever Node the machine has. */
const PINNED_NODE = join(BIN, 'node');

const succeeds = (command, args, env = process.env) => spawnSync(command, args, { stdio: 'ignore', env }).status === 0;

/** One sentence for each missing tool of this machine; empty when all are there. */
export function missingTools(env = process.env, hasJars = existsSync(KAFKA_CACHE)) {
  const missing = [];
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20) missing.push(`Node 20 or newer is needed, this is ${process.versions.node}.`);
  if (process.platform === 'win32') missing.push('Windows is not supported; the Windows Subsystem for Linux (WSL) is.');
  if (env.KAFKA_BROKERS?.trim()) return missing;
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8', env });
  const java = Number(/version "(?:1\.)?(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
  const hasMaven = () => succeeds('mvn', ['-v'], env);
  if (java >= 17 && (hasJars || hasMaven())) return missing;
  if (succeeds('docker', ['info'], env)) return missing;
  if (java < 17) {
    missing.push(
      `Java 17 or newer is needed to run Kafka (${java ? `this is ${java}` : 'there is none'}); Docker would do too, or KAFKA_BROKERS with the address of a cluster.`,
    );
  }
  if (!hasJars && !hasMaven()) {
    missing.push(
      'Maven (mvn) is needed to download Kafka; Docker would do too, or KAFKA_BROKERS with the address of a cluster.',
    );
  }
  return missing;
}

/** Whether npm's record of its last installation fits package-lock.json. */
export function isInstalled(folder = REPOSITORY) {
  const read = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;
  if (!existsSync(join(folder, 'node_modules/.package-lock.json'))) return false;
  const installed = read('node_modules/.package-lock.json');
  return Object.entries(read('package-lock.json')).every(([path, { version, optional, devOptional, link }]) => {
    if (!path.includes('node_modules/')) return true;
    if (!installed[path]) return Boolean(optional || devOptional);
    return link || installed[path].version === version;
  });
}

/** Installs the packages of package-lock.json without output. Returns undefined, or the reason of a failure. */
async function install() {
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command, ...args] = [
    ...npm,
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--fetch-retry-mintimeout=2000',
  ];
  const child = spawn(command, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'pipe'] });
  const stopped = forwardSignals(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  const progress = setInterval(() => console.log(`packages        still installing (${seconds()} s)`), 10_000);
  console.log('packages        installing from package-lock.json');
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  clearInterval(progress);
  if (stopped()) process.exit(0);
  if (code === 0) {
    console.log(`packages        installed (${seconds()} s)`);
    return undefined;
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT/.test(output)) {
    return "The packages could not be installed: npm's registry can't be reached from here (no network?).";
  }
  return `npm ci failed (${code}):\n${output.trim()}`;
}

/** Passes SIGINT, SIGTERM and SIGHUP on to `child`; returns a function that says whether one arrived. */
function forwardSignals(child) {
  let came = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      came = true;
      child.kill(signal);
    });
  }
  return () => came;
}

/** Checks the tools, installs what is missing, and runs `script` with the pinned Node; ends with its exit code. */
export async function runWithPinnedNode(script, args) {
  const missing = missingTools();
  if (missing.length > 0) {
    for (const sentence of missing) console.error(sentence);
    process.exit(1);
  }
  if (!isInstalled() || !succeeds(PINNED_NODE, ['--version'])) {
    const failure = await install();
    if (failure) {
      console.error(failure);
      process.exit(1);
    }
  }
  const child = spawn(PINNED_NODE, [join(REPOSITORY, script), ...args], {
    cwd: REPOSITORY,
    // The child has its own process group, so a Ctrl-C reaches it once, from here. Its channel closes when this process
    // ends.
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: `${BIN}:${process.env.PATH ?? ''}` },
  });
  forwardSignals(child);
  const npm = process.ppid;
  // npm may be killed without telling its script.
  const orphaned = setInterval(() => process.ppid !== npm && child.kill('SIGTERM'), 1000);
  if (!process.env.npm_lifecycle_event) clearInterval(orphaned);
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  process.exit(code);
}
