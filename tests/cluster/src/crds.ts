import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pinned from './crds.json' with { type: 'json' };
import { REPOSITORY } from './images.ts';
import { ended, output } from './shell.ts';

export interface Definitions {
  /** Names of the definitions that were not in the cluster before. */
  readonly installed: readonly string[];
  /** `module version`, or where else they are from. */
  readonly sources: readonly string[];
}

/** Installs the definitions of the operators' objects that the cluster lacks, as the projects publish them. Throws Error. */
export async function installDefinitions(onProgress: (line: string) => void): Promise<Definitions> {
  const installed: string[] = [];
  const sources: string[] = [];
  const install = async (name: string, text: string) => {
    if ((await ended('kubectl', ['get', 'crd', name])).code === 0) return;
    // Too long for the annotation that a client-side apply would write.
    await output('kubectl', ['apply', '--server-side', '-f', '-'], { input: text });
    installed.push(name);
  };
  for (const [module, { version, folder, files }] of Object.entries(pinned)) {
    onProgress(`definitions of ${module} ${version}`);
    const folderOfModule = await downloaded(`${module}@${version}`);
    for (const name of files) {
      const [plural = '', ...group] = name.split('.');
      const file = join(folderOfModule, folder, `${group.join('.')}_${plural}.yaml`);
      await install(name, await readFile(file, 'utf8'));
    }
    sources.push(`${module} ${version}`);
  }
  // Strimzi publishes its definitions in no registry, and what generates them needs Java 21; the schemas are made of them.
  for (const kind of ['KafkaTopic', 'KafkaUser']) {
    await install(`${kind.toLowerCase()}s.kafka.strimzi.io`, JSON.stringify(await strimziDefinition(kind)));
  }
  sources.push("Strimzi's from the schemas in charts/stripe-connector/tests/schemas");
  if (installed.length > 0) {
    const names = installed.map((name) => `crd/${name}`);
    await output('kubectl', ['wait', '--for=condition=established', '--timeout=60s', ...names]);
  }
  return { installed, sources };
}

export async function removeDefinitions({ installed }: Definitions): Promise<void> {
  if (installed.length > 0) await output('kubectl', ['delete', 'crd', ...installed]);
}

/** Folder of a Go module, downloaded when it is not there. */
async function downloaded(module: string): Promise<string> {
  const env = { GOFLAGS: '-modcacherw', GO111MODULE: 'on' };
  const text = await output('go', ['mod', 'download', '-json', module], { cwd: '/', env });
  return (JSON.parse(text) as { Dir: string }).Dir;
}

async function strimziDefinition(kind: string): Promise<object> {
  const file = join(REPOSITORY, `charts/stripe-connector/tests/schemas/${kind.toLowerCase()}-kafka.strimzi.io-v1.json`);
  const { properties } = JSON.parse(await readFile(file, 'utf8')) as { properties: Record<string, unknown> };
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.kafka.strimzi.io` },
    spec: {
      group: 'kafka.strimzi.io',
      scope: 'Namespaced',
      names: { kind, singular, plural: `${singular}s` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: structural(properties.spec) } } },
        },
      ],
    },
  };
}

/** A JSON schema as the API server takes it: fields that are not named are unknown to it anyway. */
function structural(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(structural);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node)
    .filter(([key, value]) => !(key === 'additionalProperties' && value === false))
    .map(([key, value]) => [key, structural(value)]);
  const schema = Object.fromEntries(entries);
  const isOpen = schema.type === 'object' && !schema.properties && !schema.additionalProperties;
  return isOpen ? { ...schema, 'x-kubernetes-preserve-unknown-fields': true } : schema;
}
