import { describe, expect, it } from 'vitest';
import { type Pod, podsOf, refusal, render } from './rendered.ts';
import { exitCodeOf, startSidecar } from './sidecar.ts';
import type { Values } from './values.ts';

const MINIMAL = 'ci/minimal-values.yaml';
const CREDENTIAL = /^(CTP_CLIENT_(ID|SECRET)|STRIPE_SECRET_KEY|KAFKA_SASL_(USERNAME|PASSWORD))$/;
/** Everything that runs once it is switched on: CronJobs, hooks, the test. */
const ALL = [
  ...['reconcile', 'reconcile-undelivered', 'audit', 'reconcile-pending', 'unordered'].map(
    (name) => `cronJobs.${name}.enabled=true`,
  ),
  'publicUrl="https://pay.example.com"',
];
const podsWith = (file: string, set: readonly string[] = ALL): Pod[] =>
  podsOf(render({ files: [MINIMAL, `ci/${file}-values.yaml`], set }).objects);
const isPreflight = ({ owner }: Pod) => owner.endsWith('-preflight');
const envOf = ({ all }: Pod) => all.flatMap(({ env = [] }) => env);

/** Files that a pod finds in its volume of credentials, by what is mounted. */
function filesOf({ spec }: Pod): string[] {
  const volume = spec.volumes?.find(({ name }) => name === 'credentials');
  const sources = ((volume?.projected as Values | undefined)?.sources ?? []) as {
    secret: { items: { path: string }[] };
  }[];
  return sources.flatMap(({ secret }) => secret.items.map(({ path }) => path)).toSorted();
}

describe('credentials as files', () => {
  it('are in every pod that reads them, and in no environment but that of the preflight, which tells of missing ones', () => {
    const pods = podsWith('credential-files');
    let named = 0;
    for (const pod of pods.filter((each) => !isPreflight(each))) {
      const env = envOf(pod);
      expect([pod.owner, env.filter(({ name }) => CREDENTIAL.test(name))]).toEqual([pod.owner, []]);
      const given = env.filter(({ name }) => CREDENTIAL.test(name.replace(/_FILE$/, '')));
      for (const { name, value } of given)
        expect(value).toBe(`/etc/connector/credentials/${name.replace(/_FILE$/, '')}`);
      const files = [...new Set(given.map(({ name }) => name.replace(/_FILE$/, '')))].toSorted();
      expect([pod.owner, filesOf(pod)]).toEqual([pod.owner, files]);
      for (const container of pod.all.filter(({ env: own = [] }) => own.some(({ name }) => name.endsWith('_FILE')))) {
        const mounts = container.volumeMounts as { mountPath: string; readOnly?: boolean }[];
        expect(mounts).toContainEqual(
          expect.objectContaining({ mountPath: '/etc/connector/credentials', readOnly: true }),
        );
      }
      named += files.length;
    }
    expect(named).toBeGreaterThan(20);
    const [preflight] = pods.filter(isPreflight);
    expect(preflight && envOf(preflight).map(({ name }) => name)).toContain('STRIPE_SECRET_KEY');
  });

  it('come from a CSI driver without any Secret, the signing secret too', () => {
    const { objects, text } = render({ files: [MINIMAL, 'ci/csi-credentials-values.yaml'], set: ALL });
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    expect(text).not.toContain('secretKeyRef');
    const pods = podsOf(objects).filter((pod) => envOf(pod).some(({ name }) => name.endsWith('_FILE')));
    expect(pods.length).toBeGreaterThan(8);
    for (const { owner, spec } of pods) {
      const volume = spec.volumes?.find(({ name }) => name === 'credentials');
      expect([owner, volume]).toMatchObject([owner, { csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true } }]);
      expect(spec.volumes?.some(({ secret }) => secret)).toBe(false);
    }
    const path = '/etc/connector/credentials/STRIPE_WEBHOOK_SIGNING_SECRET';
    expect(text).toContain(`STRIPE_WEBHOOK_SIGNING_SECRET_FILE: ${path}`);
  });

  it.each([
    ['a Secret beside the volume', 'stripe.existingSecret="stripe"', 'leave out stripe.existingSecret'],
    ['a value beside the volume', 'stripe.secretKey="sk_test_1"', 'leave out stripe.secretKey'],
    ['the volume alone', 'credentialFiles.enabled=false', 'credentialFiles.volume needs credentialFiles.enabled'],
  ])('refuse %s', (_what, set, words) => {
    expect(refusal({ files: [MINIMAL, 'ci/csi-credentials-values.yaml'], set: [set] })).toContain(words);
  });
});

it("helm test's pod asks the sidecar of a mesh to end when it has, and keeps its own exit code", async () => {
  await using sidecar = await startSidecar();
  const { objects } = render({ files: [MINIMAL], set: [`jobs.quitSidecarUrl="${sidecar.url}"`] });
  const [test] = podsOf(objects).filter(({ owner }) => owner.endsWith('-test'));
  const args = test?.spec.containers[0]?.args ?? [];
  expect(args.at(-1)).toContain('/readyz');
  // No part to ask: it is content at once; and a script of its own that is not.
  const env = { ...process.env, PARTS: 'nothing', PREFIX: '127.0.0.1:1/' };
  const ended = (...more: string[]) => exitCodeOf([...args.slice(0, 4), ...more], env);
  expect(await ended('--eval', 'process.exit(3)')).toBe(3);
  expect(await ended('--input-type=module', '--eval', 'await Promise.resolve()')).toBe(0);
  expect(sidecar.asked).toEqual(['POST /quitquitquit', 'POST /quitquitquit']);
});
