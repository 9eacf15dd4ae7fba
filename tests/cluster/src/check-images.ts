// `npm run images:check`: runs each image with the chart's restrictions; reports its size, and its time from start to
// ready.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '@connector/cli';
import { table } from '@connector/load-tests/table';
import { freePort } from '@connector/sandbox';
import { startKafka } from '@connector/sandbox/kafka';
import { connectKafka, createTopics } from '@connector/sandbox/kafka/topics';
import { chartVersion, IMAGES, type ImageName, repositoryOf } from './images.ts';
import { ended, output } from './shell.ts';

const USAGE = `npm run images:check -- [options]
  --tag T        tag of the images that \`npm run images\` built (default: that of the chart)
  --registry R   first part of their names (default ghcr.io)
  --runtime R    OCI runtime of podman (default: podman's own)
  --runs N       starts of each service; the median counts (default 5)
Needs podman, and Java 17 with Maven for the broker that the services start with.`;

const { values } = commandLine(
  {
    tag: { type: 'string', default: chartVersion() },
    registry: { type: 'string', default: 'ghcr.io' },
    runtime: { type: 'string' },
    runs: { type: 'string', default: '5' },
  },
  USAGE,
);

const RUNTIME = values.runtime ? ['--runtime', values.runtime] : [];
/** The chart's security contexts; no limit of the starter is passed on. */
const LIMITS = ['--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=4096:4096'];
const STRICT = [
  ...LIMITS,
  ...['--read-only', '--read-only-tmpfs=false', '--user', '65532:65532', '--cap-drop', 'all'],
  ...['--security-opt', 'no-new-privileges'],
  ...['--tmpfs', '/tmp:rw,size=16m,mode=1777', '--network', 'host', '--memory', '512m'],
];
const referenceOf = (name: ImageName): string => `${values.registry}/${repositoryOf(name)}:${values.tag}`;
const podman = (...args: string[]): Promise<string> => output('podman', [...RUNTIME, ...args]);
const names: string[] = [];
let started = 0;
const problems: string[] = [];

interface Running {
  readonly name: string;
  /** From the moment at which the container's process began, in ms. */
  readonly readyMs: number;
}

/**
 * Starts a container as the chart does, and waits until `readyUrl` answers 200. Throws Error with its log when it ends
 * before that.
 */
async function start(
  image: ImageName,
  env: Record<string, string>,
  readyUrl: string,
  args: string[] = [],
): Promise<Running> {
  started += 1;
  const name = `images-check-${image}-${process.pid}-${started}`;
  names.push(name);
  const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  await podman('run', '--detach', '--name', name, ...STRICT, ...variables, referenceOf(image), ...args);
  for (let attempt = 0; attempt < 1_500; attempt += 1) {
    const isReady = await fetch(readyUrl, { signal: AbortSignal.timeout(1_000) }).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isReady) {
      const startedAt = await podman('inspect', '--format', '{{.State.StartedAt.UnixMilli}}', name);
      return { name, readyMs: performance.timeOrigin + performance.now() - Number(startedAt) - (await inspectMs()) };
    }
    await sleep(10);
    if (attempt % 100 === 99 && (await podman('inspect', '--format', '{{.State.Running}}', name)).trim() !== 'true')
      break;
  }
  throw new Error(`${image} did not become ready:\n${(await ended('podman', ['logs', '--tail', '20', name])).stdout}`);
}

let inspectTook: number | undefined;
/** Asking podman takes time that is not the container's. */
async function inspectMs(): Promise<number> {
  if (inspectTook === undefined) {
    const began = performance.now();
    await podman('inspect', '--format', '{{.State.StartedAt.UnixMilli}}', names[0] ?? '');
    inspectTook = performance.now() - began;
  }
  return inspectTook;
}

async function stop({ name }: Running): Promise<void> {
  // In order, so that a consumer leaves its group and the next one need not wait for it.
  await podman('stop', '--time', '20', name);
  await podman('rm', name);
  names.splice(names.indexOf(name), 1);
}

/** The kernel's data about the container's process. */
async function isStrict(image: ImageName, { name }: Running): Promise<void> {
  const pid = (await podman('inspect', '--format', '{{.State.Pid}}', name)).trim();
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (key: string) => new RegExp(`^${key}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  if (of('Uid') !== '65532') problems.push(`${image} runs as user ${of('Uid')}`);
  if (BigInt(`0x${of('CapEff')}`) !== 0n || BigInt(`0x${of('CapBnd')}`) !== 0n)
    problems.push(`${image} has capabilities`);
  if (of('NoNewPrivs') !== '1') problems.push(`${image} may gain privileges`);
  if (of('Seccomp') !== '2') problems.push(`${image} runs without a seccomp filter`);
  const mounts = await readFile(`/proc/${pid}/mounts`, 'utf8');
  if (!/ \/ \S+ ro[, ]/.test(mounts)) problems.push(`${image} may write to its root file system`);
}

/** The image contains nothing to run but Node, and no user who could write. */
async function hasNothingElse(image: ImageName): Promise<void> {
  for (const shell of ['/bin/sh', '/bin/bash', '/bin/busybox']) {
    const args = ['run', '--rm', ...LIMITS, '--entrypoint', shell, referenceOf(image), '-c', 'exit 0'];
    const { stderr } = await ended('podman', [...RUNTIME, ...args]);
    if (!/no such file or directory|not found/i.test(stderr)) problems.push(`${image} has ${shell}: ${stderr.trim()}`);
  }
  const script = "try{require('fs').writeFileSync('/app/x','')}catch(e){process.stdout.write(e.code)}";
  const written = await ended('podman', [...RUNTIME, 'run', '--rm', ...LIMITS, referenceOf(image), '-e', script]);
  if (written.stdout !== 'EACCES')
    problems.push(`${image} lets its user write to /app (${written.stdout || written.stderr})`);
}

/** Bytes that a registry sends for the image: its layers, compressed. */
async function pulledBytes(image: ImageName): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  try {
    const file = join(folder, 'image.tar');
    await output('podman', [
      'push',
      '--quiet',
      '--compression-format',
      'gzip',
      referenceOf(image),
      `oci-archive:${file}`,
    ]);
    return (await stat(file)).size;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const at = (port: number): string => `http://127.0.0.1:${port}`;

const kafka = await startKafka();
try {
  const client = connectKafka({ KAFKA_BROKERS: kafka.brokers });
  await createTopics(client, kafka.brokers);
  const [ctPort, stripePort, http, metrics] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const commercetools = at(ctPort);
  const simulatorEnv = {
    CT_SIM_PORT: String(ctPort),
    CT_SIM_CLIENT_ID: 'client',
    CT_SIM_CLIENT_SECRET: 'secret',
    STRIPE_SIM_PORT: String(stripePort),
  };
  const simulatorUrl = `${commercetools}/.well-known/jwks.json`;
  const simulators = [
    await start('sandbox', simulatorEnv, simulatorUrl, ['dist/commercetools.js']),
    await start('sandbox', simulatorEnv, `${at(stripePort)}/_sandbox/health`, ['dist/stripe.js']),
  ];
  const env = {
    HTTP_PORT: String(http),
    METRICS_PORT: String(metrics),
    KAFKA_BROKERS: kafka.brokers,
    CTP_PROJECT_KEY: 'sandbox',
    CTP_CLIENT_ID: 'client',
    CTP_CLIENT_SECRET: 'secret',
    CTP_AUTH_URL: commercetools,
    CTP_API_URL: commercetools,
    CTP_SESSION_URL: commercetools,
    CTP_CHECKOUT_URL: commercetools,
    CTP_JWKS_URL: `${commercetools}/.well-known/jwks.json`,
    CTP_JWT_ISSUER: commercetools,
    STRIPE_API_BASE: at(stripePort),
    STRIPE_SECRET_KEY: 'sk_test_images',
    STRIPE_PUBLISHABLE_KEY: 'pk_test_images',
    STRIPE_WEBHOOK_SIGNING_SECRET: 'whsec_images',
    SESSION_AUTH_URL: at(http),
    ALLOWED_ORIGINS: 'http://localhost:8080',
    MERCHANT_RETURN_URL: 'http://localhost:8080/',
    SHUTDOWN_GRACE_MS: '0',
  };
  const rows: (string | number)[][] = [];
  for (const image of IMAGES) {
    await hasNothingElse(image);
    const times: number[] = [];
    for (let run = 0; run < Number(values.runs); run += 1) {
      const running =
        image === 'sandbox'
          ? await restarted(simulators, simulatorEnv, simulatorUrl)
          : await start(image, env, `${at(metrics)}/readyz`);
      times.push(running.readyMs);
      if (run === 0) await isStrict(image, running);
      if (image !== 'sandbox') await stop(running);
    }
    const unpacked = Number(await podman('image', 'inspect', '--format', '{{.Size}}', referenceOf(image)));
    const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    rows.push([image, mb(unpacked), mb(await pulledBytes(image)), `${Math.round(median(times))} ms`]);
    console.error(rows.at(-1)?.join('  '));
  }
  console.log(table(['Image', 'Unpacked', 'To pull, gzip', 'Container start to ready'], rows));
} finally {
  for (const name of names) await ended('podman', ['rm', '--force', '--time', '0', name]);
  await kafka.stop();
}
console.log(
  problems.length === 0
    ? '\nEach ran as user 65532 without capabilities, with a seccomp filter and a read-only root; none has a shell.'
    : `\n- ${problems.join('\n- ')}`,
);
process.exit(problems.length === 0 ? 0 : 1);

/** The commercetools simulator once more. */
async function restarted(running: Running[], simulatorEnv: Record<string, string>, url: string): Promise<Running> {
  const [first] = running;
  if (first) await stop(first);
  const again = await start('sandbox', simulatorEnv, url, ['dist/commercetools.js']);
  running[0] = again;
  return again;
}
