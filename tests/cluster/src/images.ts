import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaDistribution } from '@connector/sandbox/kafka/distribution';
import { output } from './shell.ts';

export const REPOSITORY = join(import.meta.dirname, '../../..');
export const CACHE = join(REPOSITORY, '.cache');

/** Folder of what each image holds. */
const FOLDERS = {
  'session-auth': 'services/session-auth',
  intent: 'services/intent',
  'webhook-ingest': 'services/webhook-ingest',
  ledger: 'services/ledger',
  'enabler-static': 'services/enabler-static',
  sandbox: 'sandbox',
} as const;
export type ImageName = keyof typeof FOLDERS;
export const IMAGES = Object.keys(FOLDERS) as ImageName[];

/** As the chart's values have it. */
const PREFIX = 'stripe-checkout-connector';
/** Without registry: the chart's value `repository`. */
export const repositoryOf = (name: ImageName | 'kafka'): string => `${PREFIX}/${name}`;
export const KAFKA_TAG = 'e2e';

/** The tag that the chart asks for when none is given. */
export const chartVersion = (): string =>
  /^appVersion: "(.+)"$/m.exec(readFileSync(join(REPOSITORY, 'charts/stripe-connector/Chart.yaml'), 'utf8'))?.[1] ?? '';

/** The chart's values for images of this registry and tag, and for a broker's image by its full name. */
export function imageValues(registry: string, tag: string, broker?: string) {
  const [, host, repository, brokerTag] = /^([^/]+)\/(.+):([^:/]+)$/.exec(broker ?? '') ?? [];
  return {
    defaults: { image: { registry, tag } },
    ...(host && { kafka: { bundled: { image: { registry: host, repository, tag: brokerTag } } } }),
  };
}

export interface BuildOptions {
  /** First part of the images' names: a registry, or `localhost`. */
  readonly registry: string;
  readonly tags: readonly string[];
  readonly names?: readonly ImageName[];
  /** The images' base; without one it is built of Debian's packages. */
  readonly base?: string | undefined;
  readonly onProgress: (line: string) => void;
}

/** Builds services and enabler where they are, then the images of every tag. Answers their full names. Throws Error with the tool's words. */
export async function buildImages(options: BuildOptions): Promise<string[]> {
  const { registry, tags, names = IMAGES, onProgress } = options;
  onProgress('building services, enabler and simulators');
  await output('npm', ['run', 'build'], { cwd: REPOSITORY, env: { TURBO_TELEMETRY_DISABLED: '1' } });
  const base = options.base ?? 'localhost/stripe-connector-base:local';
  if (!options.base) {
    onProgress('building the base of Debian packages');
    await output(join(REPOSITORY, 'k8s/base-image.sh'), [base]);
  }
  const revision = (await output('git', ['rev-parse', 'HEAD'], { cwd: REPOSITORY })).trim();
  const built: string[] = [];
  for (const tag of tags) {
    for (const name of names) {
      const reference = `${registry}/${repositoryOf(name)}:${tag}`;
      onProgress(`building ${reference}`);
      const args = {
        BASE: base,
        BUNDLES: 'prebuilt',
        SERVICE: name,
        FOLDER: FOLDERS[name],
        VERSION: tag,
        REVISION: revision,
      };
      const flags = Object.entries(args).flatMap(([arg, value]) => ['--build-arg', `${arg}=${value}`]);
      await output('buildah', ['build', '--layers', '--quiet', ...flags, '-t', reference, '.'], { cwd: REPOSITORY });
      built.push(reference);
    }
  }
  return built;
}

/** A broker's image that takes the variables of apache/kafka. Answers its full name. */
export async function buildKafkaImage(registry: string, onProgress: (line: string) => void): Promise<string> {
  const reference = `${registry}/${repositoryOf('kafka')}:${KAFKA_TAG}`;
  onProgress(`building ${reference}`);
  const distribution = await kafkaDistribution(CACHE, onProgress);
  if (distribution.kind !== 'java') throw new Error('The image of the broker needs Java 17 and Maven on this machine.');
  const jars = join(distribution.classPath, '..');
  await output(join(REPOSITORY, 'tests/cluster/kafka/image.sh'), [jars, reference]);
  return reference;
}

/** Brings images to where the cluster gets them: by `command` with `{tar}` in it, or to the registry in their names. */
export async function loadImages(
  references: readonly string[],
  command: string | undefined,
  onProgress: (line: string) => void,
): Promise<void> {
  for (const reference of references) {
    onProgress(`${command ? 'loading' : 'pushing'} ${reference}`);
    if (!command) {
      await output('buildah', ['push', '--quiet', reference]);
      continue;
    }
    const folder = await mkdtemp(join(tmpdir(), 'image-'));
    try {
      const tar = join(folder, 'image.tar');
      await output('buildah', ['push', '--quiet', reference, `docker-archive:${tar}:${reference}`]);
      await output('sh', ['-c', command.replaceAll('{tar}', tar)]);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}
