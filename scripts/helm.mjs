// Helm, kubeconform, kustomize and actionlint for the stage `chart`: built once with Go, at pinned versions, in
// .cache/tools.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { ended, ToolMissing } from './tools.mjs';

const CACHE = join(import.meta.dirname, '../.cache/tools');

const MODULES = {
  helm: { path: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0' },
  kubeconform: { path: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.8.0' },
  kustomize: { path: 'sigs.k8s.io/kustomize/kustomize/v5', version: 'v5.7.1' },
  actionlint: { path: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' },
};

export const CHART_TOOLS = Object.keys(MODULES);

/** The path of one of these tools at its pinned version; builds the tool when it is missing. Throws ToolMissing. */
export async function chartTool(name) {
  const { path, version } = MODULES[name];
  const folder = join(CACHE, `${name}-${version}`);
  if (existsSync(join(folder, name))) return join(folder, name);
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) {
    throw new ToolMissing(`Go is needed to build ${name}, which the stage chart uses.`);
  }
  // Go moves the finished program into place, so the folder never contains a partial one.
  const half = `${folder}.${process.pid}`;
  mkdirSync(half, { recursive: true });
  try {
    const env = { ...process.env, GOBIN: half, GOFLAGS: '' };
    const { code, output } = await ended('go', ['install', `${path}@${version}`], { env });
    if (code !== 0)
      throw new ToolMissing(`${name} could not be built: ${output.trim().split('\n').slice(-3).join(' ')}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(half, folder);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return join(folder, name);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of argv.length > 2 ? argv.slice(2) : CHART_TOOLS)
    console.log(`${name.padEnd(14)} ${await chartTool(name)}`);
}
