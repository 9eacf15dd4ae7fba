import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import type { Definitions } from './crds.ts';
import { type Findings, lines } from './findings.ts';
import { CHART, RELEASE } from './release.ts';
import { ended } from './shell.ts';

/** The API server accepts every rendering of the chart's own cases, strictly, without a warning of Pod Security. */
export async function dryRuns(cluster: Cluster, definitions: Definitions, found: Findings): Promise<void> {
  const refused: string[] = [];
  const kinds = new Map<string, number>();
  const files = (await readdir(join(CHART, 'ci'))).filter((file) => file.endsWith('-values.yaml')).toSorted();
  const surroundings = new Surroundings(cluster);
  for (const file of files) {
    const name = file.replace('-values.yaml', '');
    const rendered = await render(cluster, file);
    if (rendered.code !== 0) {
      refused.push(`${name}: ${lines(rendered.stderr).slice(-5).join(' ')}`);
      continue;
    }
    await surroundings.createFor(rendered.stdout);
    // Without a namespace of its own: some objects belong into another one.
    const applied = await ended('kubectl', ['apply', '--dry-run=server', '--validate=strict', '-f', '-'], {
      input: rendered.stdout,
    });
    const complaints = lines(applied.stderr).filter((line) => line && !line.includes('resource mapping not found'));
    if (applied.code !== 0 || complaints.length > 0) refused.push(`${name}: ${complaints.slice(0, 5).join(' ')}`);
    for (const line of lines(applied.stdout)) {
      const kind = line.split('/')[0] ?? '';
      if (kind) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  await surroundings.remove();
  found.figure('renderings dry-run by the API server', files.length);
  found.figure('objects of operators accepted', ofOperators(kinds));
  found.figure('definitions from', definitions.sources.join('; '));
  found.check(refused.length === 0, 'the API server takes every rendering', refused);
}

function render(cluster: Cluster, file: string) {
  const preset = /^(production|dev)\b/.exec(file)?.[0];
  const base = preset ? `values-${preset}.yaml` : 'ci/minimal-values.yaml';
  return cluster.tryHelm([
    'template',
    RELEASE,
    CHART,
    '-f',
    join(CHART, base),
    '-f',
    join(CHART, 'ci', file),
    '--validate',
  ]);
}

const ofOperators = (kinds: ReadonlyMap<string, number>): string =>
  [...kinds]
    .filter(([kind]) => /monitoring|gateway|keda|external|kafka/.test(kind))
    .map(([kind, count]) => `${count} ${kind.split('.')[0]}`)
    .join(', ');

/** Namespaces and classes that renderings name and that must exist before: a pod with an unknown class is refused. */
class Surroundings {
  readonly #cluster: Cluster;
  readonly #namespaces: string[] = [];
  readonly #classes: string[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async createFor(rendered: string): Promise<void> {
    for (const [, namespace] of rendered.matchAll(/^ {2}namespace: "?([\w-]+)"?$/gm)) {
      if (!namespace || namespace === this.#cluster.namespace || this.#namespaces.includes(namespace)) continue;
      if ((await this.#cluster.tryKubectl(['get', 'namespace', namespace])).code === 0) continue;
      await this.#cluster.kubectl(['create', 'namespace', namespace]);
      this.#namespaces.push(namespace);
    }
    for (const [, kind, name] of rendered.matchAll(/^ +(priority|runtime)ClassName: "?([\w-]+)"?$/gm)) {
      const object = kind === 'priority' ? priorityClass(name ?? '') : runtimeClass(name ?? '');
      const isNew = (await this.#cluster.tryKubectl(['create', '-f', '-'], JSON.stringify(object))).code === 0;
      if (isNew) this.#classes.push(`${kind}class/${name}`);
    }
  }

  async remove(): Promise<void> {
    for (const name of this.#classes) await this.#cluster.kubectl(['delete', name]);
    for (const namespace of this.#namespaces)
      await this.#cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  }
}

const priorityClass = (name: string) => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value: 1_000,
});
const runtimeClass = (name: string) => ({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name },
  handler: 'runc',
});
