// Tools of `npm test` that are not npm packages: fetched once, at pinned versions, into .cache/tools. Uses only Node's
// built-ins.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const CACHE = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache/tools');
const SCHEMATHESIS = '4.32.5';
const STRIPE_MOCK = 'v0.203.0';

/** A missing tool of the machine, in one sentence. */
export class ToolMissing extends Error {
  name = 'ToolMissing';
}

/** Each returns the path of its executable, and first gets the tool when it is missing. Throws ToolMissing. */
const TOOLS = {
  schemathesis: () =>
    cached(`schemathesis-${SCHEMATHESIS}`, 'bin/schemathesis', async (folder) => {
      const python = ['python3', 'python'].find((name) =>
        succeeds(name, ['-c', 'import sys, venv, ensurepip; assert sys.version_info >= (3, 10)']),
      );
      if (!python)
        throw new ToolMissing('Python 3.10 or newer with venv is needed to run schemathesis (Debian: python3-venv).');
      // A virtual environment contains its own path, so it must be made in its final place.
      await done(python, ['-m', 'venv', folder], 'schemathesis');
      const quiet = ['--quiet', '--disable-pip-version-check'];
      await done(
        join(folder, 'bin/python'),
        ['-m', 'pip', 'install', ...quiet, `schemathesis==${SCHEMATHESIS}`],
        'schemathesis',
      );
    }),
  'stripe-mock': () =>
    cached(`stripe-mock-${STRIPE_MOCK}`, 'stripe-mock', async (folder) => {
      if (!succeeds('go', ['version'])) throw new ToolMissing('Go is needed to build stripe-mock.');
      const env = { ...process.env, GOBIN: folder, GOFLAGS: '' };
      await done('go', ['install', `github.com/stripe/stripe-mock@${STRIPE_MOCK}`], 'stripe-mock', { env });
    }),
  'stripe-description': () =>
    cached(`stripe-description-${STRIPE_MOCK}`, 'spec3.json', async (folder) => {
      if (!succeeds('go', ['version']))
        throw new ToolMissing("Go is needed to download Stripe's description of its API.");
      // The description is part of stripe-mock's module.
      const module = `github.com/stripe/stripe-mock@${STRIPE_MOCK}`;
      const { stdout } = spawnSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8', cwd: folder });
      const { Dir: dir, Error: error } = JSON.parse(stdout || '{}');
      if (!dir) throw new Error(`go mod download ${module}: ${error ?? 'no answer'}`);
      copyFileSync(join(dir, 'embedded/openapi/spec3.json'), join(folder, 'spec3.json'));
      chmodSync(join(folder, 'spec3.json'), 0o644);
    }),
  nginx: async () => {
    const given = [process.env.NGINX_BIN, 'nginx', '/usr/sbin/nginx'].find((path) => path && succeeds(path, ['-v']));
    return given ?? cached('nginx', 'nginx', nginxFromDebian);
  },
};

export const TOOL_NAMES = Object.keys(TOOLS);
export const toolPath = (name) => TOOLS[name]();

/** `folder`/`file` of the cache; `get` makes the file when it is missing. A partial folder never has the final name. */
async function cached(name, file, get) {
  const folder = join(CACHE, name);
  const finished = join(folder, '.finished');
  if (!existsSync(finished)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await get(folder);
    writeFileSync(finished, '');
  }
  return join(folder, file);
}

/**
 * Debian's nginx and the libraries that it names, unpacked without an installation; apt keeps its lists beside them.
 */
async function nginxFromDebian(folder) {
  const missing = 'nginx is needed to test the gateway example: install it, or set NGINX_BIN to its path.';
  if (!succeeds('apt-get', ['--version']) || !succeeds('dpkg', ['--version'])) throw new ToolMissing(missing);
  const work = mkdtempSync(join(CACHE, 'nginx-'));
  try {
    for (const path of ['lists/partial', 'archives/partial']) mkdirSync(join(work, path), { recursive: true });
    const own = [
      '-o',
      `Dir::State::lists=${join(work, 'lists')}`,
      '-o',
      `Dir::Cache=${work}`,
      '-o',
      'APT::Sandbox::User=',
    ];
    await done('apt-get', [...own, '-qq', 'update'], 'nginx');
    const packages = ['nginx', 'libpcre2-8-0', 'libssl3', 'zlib1g', 'libcrypt1'];
    for (const name of packages) {
      // Nearly every machine already has the libraries; only nginx is required.
      const got = await ended('apt-get', [...own, '-qq', 'download', name], { cwd: work });
      if (got.code !== 0 && name === 'nginx') throw new ToolMissing(`${missing} (apt-get: ${got.output.trim()})`);
    }
    for (const file of readdirSync(work).filter((each) => each.endsWith('.deb'))) {
      await done('dpkg', ['-x', join(work, file), join(folder, 'root')], 'nginx');
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const root = join(folder, 'root');
  const binary = join(root, 'usr/sbin/nginx');
  const libraries = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && /\.so(\.|$)/.test(each.name))
    .map((each) => each.parentPath);
  const path = [...new Set(libraries)].join(':');
  // The machine's own libraries come first; only missing ones come from here.
  const withOwn = succeeds(binary, ['-v']) ? '' : `LD_LIBRARY_PATH='${path}' `;
  writeFileSync(join(folder, 'nginx.tmp'), `#!/bin/sh\n${withOwn}exec '${binary}' "$@"\n`);
  chmodSync(join(folder, 'nginx.tmp'), 0o755);
  renameSync(join(folder, 'nginx.tmp'), join(folder, 'nginx'));
  if (!succeeds(join(folder, 'nginx'), ['-v'])) throw new ToolMissing(missing);
}

function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Runs a command to its end: its exit code (null when it could not be started) and all its output. */
export function ended(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

async function done(command, args, tool, options) {
  const { code, output } = await ended(command, args, options);
  if (code !== 0)
    throw new ToolMissing(`${tool} could not be installed: ${output.trim().split('\n').slice(-3).join(' ')}`);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of argv.length > 2 ? argv.slice(2) : TOOL_NAMES) {
    try {
      if (!TOOLS[name]) throw new ToolMissing(`There is no tool ${name}. The tools are ${TOOL_NAMES.join(', ')}.`);
      console.log(`${name.padEnd(14)} ${await toolPath(name)}`);
    } catch (error) {
      if (!(error instanceof ToolMissing)) throw error;
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
