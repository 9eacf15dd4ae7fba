import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { KUBE_VERSION, type KubernetesObject } from './rendered.ts';
import { CHART, isMap } from './values.ts';

const chart = fileURLToPath(CHART);
const HELM = process.env.HELM_BIN ?? 'helm';
const OURS = { 'meta.helm.sh/release-name': 'pay', 'meta.helm.sh/release-namespace': 'shop' };

/** What the cluster has, by the path of its API. */
let objects: Record<string, unknown>;
let cluster: Server;
let folder = '';

const RESOURCES: Record<string, [name: string, kind: string][]> = {
  v1: [
    ['configmaps', 'ConfigMap'],
    ['secrets', 'Secret'],
  ],
  'apps/v1': [
    ['replicasets', 'ReplicaSet'],
    ['deployments', 'Deployment'],
  ],
  'batch/v1': [['jobs', 'Job']],
};

/** As much of the Kubernetes API as Helm's `lookup` asks for. */
function answer(path: string): unknown {
  if (path === '/version') return { major: '1', minor: '33', gitVersion: 'v1.33.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') {
    const groups = ['apps', 'batch'].map((name) => {
      const version = { groupVersion: `${name}/v1`, version: 'v1' };
      return { name, versions: [version], preferredVersion: version };
    });
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }
  const groupVersion = path.replace(/^\/apis?\//, '');
  const resources = RESOURCES[groupVersion];
  if (resources) {
    const list = resources.map(([name, kind]) => ({ name, kind, namespaced: true, verbs: ['get', 'list'] }));
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: list };
  }
  return objects[path];
}

beforeEach(async () => {
  objects = {};
  cluster = createServer((req, res) => {
    const found = answer(new URL(req.url ?? '/', 'http://cluster').pathname);
    const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    res.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(found ?? missing));
  });
  await new Promise<void>((resolve) => cluster.listen(0, '127.0.0.1', resolve));
  folder = mkdtempSync(join(tmpdir(), 'connector-retained-'));
  const server = `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: { token: 'none' } }],
    'current-context': 'c',
  };
  writeFileSync(join(folder, 'config'), JSON.stringify(config));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  cluster.closeAllConnections();
  await new Promise((resolve) => cluster.close(resolve));
});

const upgrade = (...set: string[]) => upgradeOf('pay', ...set);

async function upgradeOf(release: string, ...set: string[]): Promise<{ objects: KubernetesObject[]; stderr: string }> {
  const values = ['-f', `${chart}ci/minimal-values.yaml`, ...set.flatMap((pair) => ['--set-json', pair])];
  const args = [
    'template',
    release,
    chart,
    '--namespace',
    'shop',
    '--kube-version',
    KUBE_VERSION,
    '--dry-run=server',
    '--is-upgrade',
    ...values,
  ];
  const child = spawn(HELM, args, { env: { ...process.env, KUBECONFIG: join(folder, 'config'), HOME: folder } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  await new Promise((resolve) => child.once('close', resolve));
  const made = parseAllDocuments(stdout).map((document) => document.toJS() as unknown);
  return { objects: made.filter(isMap) as KubernetesObject[], stderr };
}

const listOf = (...items: object[]) => ({ kind: 'List', apiVersion: 'v1', metadata: {}, items });
const map = (name: string, annotations: object = OURS) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'Helm' }, annotations },
  immutable: true,
  data: { KAFKA_BROKERS: 'old:9092' },
});
const replicaSet = (config: string, instance = 'pay') => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: `rs-of-${config}`, namespace: 'shop', labels: { 'app.kubernetes.io/instance': instance } },
  spec: { template: { spec: { containers: [{ name: 'ledger', envFrom: [{ configMapRef: { name: config } }] }] } } },
});
const [SETS, MAPS] = ['/apis/apps/v1/namespaces/shop/replicasets', '/api/v1/namespaces/shop/configmaps'];

describe('an upgrade', () => {
  it('keeps what an old ReplicaSet reads, exactly as it is, and nothing that none reads any more', async () => {
    const old = 'pay-stripe-connector-ledger-0123abcd';
    objects[SETS] = listOf(replicaSet(old));
    objects[`${MAPS}/${old}`] = map(old);
    objects[`${MAPS}/pay-stripe-connector-ledger-unread00`] = map('pay-stripe-connector-ledger-unread00');
    const { objects: made, stderr } = await upgrade();
    expect(stderr).toBe('');
    const kept = made.filter(({ metadata }) => metadata.name === old);
    expect(kept).toMatchObject([{ kind: 'ConfigMap', immutable: true, data: { KAFKA_BROKERS: 'old:9092' } }]);
    expect(kept[0]?.metadata.annotations).not.toHaveProperty('meta.helm.sh/release-name');
    expect(made.filter(({ metadata }) => metadata.name.endsWith('unread00'))).toEqual([]);
  });

  it.each([
    ['of another release', 'shared', 'other', OURS],
    ['that somebody else made', 'shared', 'pay', { 'meta.helm.sh/release-name': 'theirs' }],
  ])('leaves a ConfigMap %s alone', async (_whose, name, instance, annotations) => {
    objects[SETS] = listOf(replicaSet(name, instance));
    objects[`${MAPS}/${name}`] = map(name, annotations);
    const { objects: made } = await upgrade();
    expect(made.length).toBeGreaterThan(20);
    expect(made.filter(({ metadata }) => metadata.name === name)).toEqual([]);
  });

  it('does not change the names of topics because a default did, and says how to keep them', async () => {
    const config = 'pay-stripe-connector-ledger';
    const { spec } = replicaSet(config);
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: config, namespace: 'shop' },
      spec,
    };
    objects[`/apis/apps/v1/namespaces/shop/deployments/${config}`] = deployment;
    objects[`${MAPS}/${config}`] = map(config);
    expect((await upgrade()).stderr).toContain('set kafka.topicPrefix="" to keep them');
    expect((await upgrade('kafka.topicPrefix=""')).stderr).toBe('');
    expect((await upgrade('kafka.topicPrefix="my-project.shop.pay."')).stderr).toBe('');
  });

  it('does not change the names of objects because they are cut in another way now, and says how to keep them', async () => {
    const release = 'checkout-payments-connector-production';
    const name = 'checkout-payments-connector-pr-ledger';
    const labels = { 'app.kubernetes.io/instance': release };
    objects[`/apis/apps/v1/namespaces/shop/deployments/${name}`] = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'shop', labels } },
      spec: replicaSet('config').spec,
    };
    const set = ['kafka.topicPrefix="kept."'];
    const keep = 'set fullnameOverride=checkout-payments-connector-pr to keep them';
    expect((await upgradeOf(release, ...set)).stderr).toContain(keep);
    expect((await upgradeOf(release, ...set, 'fullnameOverride="checkout-payments-connector-pr"')).stderr).toBe('');
    // Another release's, whose name begins alike.
    expect((await upgradeOf(`${release}-2`, ...set)).stderr).toBe('');
  });
});
