import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { CHART, isMap, type Values } from './values.ts';

const chart = fileURLToPath(CHART);
const HELM = process.env.HELM_BIN ?? 'helm';
export const KUBE_VERSION = '1.33.0';
export const RELEASE = 'pay';
export const NAMESPACE = 'shop';

/** APIs of the operators that the chart can make objects for. */
export const OPERATORS = [
  'gateway.networking.k8s.io/v1',
  'monitoring.coreos.com/v1',
  'external-secrets.io/v1',
  'keda.sh/v1alpha1',
  'kafka.strimzi.io/v1',
];

export interface KubernetesObject extends Values {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
}

export interface Rendering {
  readonly text: string;
  readonly objects: readonly KubernetesObject[];
}

/** Values files relative to the chart, the later ones on top. */
export interface RenderOptions {
  readonly files?: readonly string[];
  readonly set?: readonly string[];
  readonly apis?: readonly string[];
  /** Release and namespace, when they are not those of the other tests. */
  readonly release?: string;
  readonly namespace?: string;
}

const helm = (command: string, { files = [], set = [] }: RenderOptions, extra: readonly string[]) => {
  const args = [...files.flatMap((file) => ['-f', `${chart}${file}`]), ...set.flatMap((pair) => ['--set-json', pair])];
  const { status, stdout, stderr, error } = spawnSync(HELM, [command, ...extra, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  return { isFine: status === 0, stdout, stderr };
};

const rendered = new Map<string, string>();

/** What Helm would install of the chart in `folder`. Throws Error with Helm's words when it refuses. */
export function render(options: RenderOptions, folder = chart): Rendering {
  const apis = (options.apis ?? OPERATORS).flatMap((api) => ['--api-versions', api]);
  const { release = RELEASE, namespace = NAMESPACE } = options;
  const fixed = [release, folder, '--namespace', namespace, '--kube-version', KUBE_VERSION, ...apis];
  const key = JSON.stringify([options, folder]);
  let text = rendered.get(key);
  if (text === undefined) {
    const { isFine, stdout, stderr } = helm('template', options, fixed);
    if (!isFine) throw new Error(stderr);
    text = stdout;
    rendered.set(key, text);
  }
  const objects = parseAllDocuments(text)
    .map((document) => {
      // A key that is there twice is taken by one reader and refused by another.
      if (document.errors[0]) throw document.errors[0];
      return document.toJS() as unknown;
    })
    .filter(isMap) as KubernetesObject[];
  return { text, objects };
}

/** Helm's words when it refuses these values; undefined when it takes them. */
export function refusal(options: RenderOptions): string | undefined {
  try {
    render(options);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What `helm lint --strict` finds; empty when it is content. */
export function lint(options: RenderOptions): string {
  const { isFine, stdout, stderr } = helm('lint', options, [chart, '--strict', '--kube-version', KUBE_VERSION]);
  return isFine ? '' : `${stdout}${stderr}`;
}

/** What every rendering is made of: a preset or the least values, and one file of ci/ or examples/ on top. */
export const cases = (folder: string, names: readonly string[]): [name: string, files: string[]][] =>
  names.map((file) => {
    const name = file.replace('-values.yaml', '');
    const base = /^(production|dev)\b/.test(name) ? `values-${name.split('-')[0]}.yaml` : 'ci/minimal-values.yaml';
    return [name, [base, `${folder}/${file}`]];
  });

interface Container extends Values {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { name: string; value?: string; valueFrom?: Values }[];
  readonly envFrom?: readonly { configMapRef?: { name: string } }[];
  readonly securityContext?: Values & { capabilities?: { drop?: string[]; add?: string[] }; seccompProfile?: Values };
  readonly resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}

export interface PodSpec extends Values {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Values[];
  readonly securityContext?: Values & { seccompProfile?: { type?: string } };
}

export interface Pod {
  /** Kind and name of the object that makes it. */
  readonly owner: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly spec: PodSpec;
  readonly all: readonly Container[];
}

/** Every pod that the objects would make. */
export const podsOf = (objects: readonly KubernetesObject[]): Pod[] =>
  objects.flatMap((object) => {
    const template = templateOf(object);
    if (!template) return [];
    const spec = template.spec as PodSpec;
    const metadata = (template.metadata ?? {}) as KubernetesObject['metadata'];
    return [
      {
        owner: `${object.kind} ${object.metadata.name}`,
        labels: metadata.labels ?? {},
        annotations: metadata.annotations ?? {},
        spec,
        all: [...(spec.initContainers ?? []), ...spec.containers],
      },
    ];
  });

/** The template of the pods that an object makes, if it makes some. */
export function templateOf({ kind, spec, metadata }: KubernetesObject): Values | undefined {
  const inside = spec as { template?: Values; jobTemplate?: { spec: { template: Values } } };
  if (kind === 'Pod') return { metadata, spec };
  if (kind === 'CronJob') return inside.jobTemplate?.spec.template;
  return ['Deployment', 'StatefulSet', 'Job'].includes(kind) ? inside.template : undefined;
}
