import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from '../processes/managed-process.ts';
import { kafkaUuid } from './uuid.ts';

export const KAFKA_VERSION = '4.1.1';
export const DOCKER_IMAGE = `apache/kafka:${KAFKA_VERSION}`;

/** How a broker can be run here: from jars with Java, or from Apache's image. `template` is a formatted, empty log folder. */
export type Distribution =
  | { readonly kind: 'java'; readonly classPath: string; readonly template: string }
  | { readonly kind: 'docker' };

/** What is missing on this machine, in one sentence for a person. */
export class KafkaUnavailable extends Error {
  override readonly name = 'KafkaUnavailable';
}

const POM = join(import.meta.dirname, 'pom.xml');

/**
 * The broker's jars, resolved by Maven into `<cacheDir>/kafka-<version>` the first time, with Java 17 or newer; else Docker's
 * image. `onProgress` is called with what takes long. Throws KafkaUnavailable with the one thing to do about it.
 */
export async function kafkaDistribution(
  cacheDir: string,
  onProgress: (line: string) => void = () => {},
  signal?: AbortSignal,
): Promise<Distribution> {
  const java = await javaVersion();
  if (java !== undefined && java >= 17) {
    const home = join(cacheDir, `kafka-${KAFKA_VERSION}`);
    if (existsSync(home)) return inHome(home);
    if (await works('mvn', ['-v'])) {
      onProgress(`downloading Apache Kafka ${KAFKA_VERSION} with Maven (about 45 MB, once)`);
      await makeHome(home, cacheDir, signal);
      return inHome(home);
    }
  }
  if (await works('docker', ['info'])) return { kind: 'docker' };
  throw new KafkaUnavailable(
    java === undefined || java < 17
      ? `Kafka needs Java 17 or newer (${java === undefined ? 'none was found' : `found ${java}`}), or Docker, or KAFKA_BROKERS with the address of a running cluster.`
      : 'Kafka is downloaded by Maven, which was not found: install it (mvn), or Docker, or set KAFKA_BROKERS to the address of a running cluster.',
  );
}

const inHome = (home: string): Distribution => ({
  kind: 'java',
  classPath: join(home, 'libs', '*'),
  template: join(home, 'template'),
});

/** Built under another name and renamed, so that a half download is never taken for a whole one and two starts at once do no harm. */
async function makeHome(home: string, cacheDir: string, signal?: AbortSignal): Promise<void> {
  const making = join(cacheDir, `kafka-${randomUUID()}`);
  const libs = join(making, 'libs');
  await mkdir(libs, { recursive: true });
  try {
    const maven = await runToEnd(
      'mvn',
      [
        '-B',
        '-q',
        '-f',
        POM,
        'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
        `-DoutputDirectory=${libs}`,
        '-DincludeScope=runtime',
      ],
      { ...(signal && { signal }) },
    );
    if (maven.exitCode !== 0) throw new KafkaUnavailable(mavenFailure(maven.output));
    await format(making);
    await rename(making, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

function mavenFailure(output: string): string {
  if (
    /Unknown host|UnknownHost|Connection (refused|timed out)|Connect to .* failed|Network is unreachable|Temporary failure/i.test(
      output,
    )
  ) {
    return "Kafka could not be downloaded: Maven's repository can't be reached from here (no network?).";
  }
  return `Kafka could not be downloaded by Maven:\n${output.trim().split('\n').slice(-10).join('\n')}`;
}

/** A formatted log folder has no address and no data. It is made once, and copied for every clean start. */
async function format(home: string): Promise<void> {
  const properties = join(home, 'format.properties');
  const template = join(home, 'template');
  await writeFile(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      'controller.quorum.voters=1@127.0.0.1:1',
      'controller.listener.names=CONTROLLER',
      'listeners=BROKER://127.0.0.1:2,CONTROLLER://127.0.0.1:1',
      'listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name=BROKER',
      `log.dirs=${template}`,
    ].join('\n'),
  );
  const { exitCode, output } = await runToEnd('java', [
    '-cp',
    join(home, 'libs', '*'),
    'kafka.tools.StorageTool',
    'format',
    '--cluster-id',
    kafkaUuid(),
    '--config',
    properties,
  ]);
  if (exitCode !== 0) throw new Error(`kafka.tools.StorageTool format failed:\n${output}`);
}

/** The major version of the machine's Java; undefined without one. */
async function javaVersion(): Promise<number | undefined> {
  try {
    const { output } = await runToEnd('java', ['-version']);
    const major = /version "(?:1\.)?(\d+)/.exec(output)?.[1];
    return major === undefined ? undefined : Number(major);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function works(command: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await runToEnd(command, args)).exitCode === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
