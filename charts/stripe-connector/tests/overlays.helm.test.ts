import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TOPICS } from '@connector/contracts';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { KAFKA_OVERLAY } from './generated.ts';
import { invalid } from './kubeconform.ts';
import { type KubernetesObject, podsOf, render } from './rendered.ts';
import { violationsOf } from './restricted.ts';
import { isMap, type Values } from './values.ts';

const K8S = new URL('../../../k8s/', import.meta.url);
const OVERLAYS = readdirSync(K8S, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('kustomization.yaml'))
  .map((file) => file.replace('/kustomization.yaml', ''));

function build(overlay: string): { text: string; objects: KubernetesObject[] } {
  const { status, stdout, stderr, error } = spawnSync(
    process.env.KUSTOMIZE_BIN ?? 'kustomize',
    ['build', fileURLToPath(new URL(overlay, K8S))],
    { encoding: 'utf8' },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(stderr);
  const objects = parseAllDocuments(stdout)
    .map((document) => document.toJS() as unknown)
    .filter(isMap) as KubernetesObject[];
  return { text: stdout, objects };
}

const built = new Map(OVERLAYS.map((overlay) => [overlay, build(overlay)]));
const of = (overlay: string) => {
  const found = built.get(overlay);
  if (!found) throw new Error(`there is no k8s/${overlay}`);
  return found;
};

it('there are overlays', () => {
  expect(OVERLAYS.toSorted()).toEqual(['argocd', 'collector', 'gateway', 'kafka', 'namespace', 'production']);
});

describe.each(OVERLAYS)('k8s/%s', (overlay) => {
  it('is taken by the schemas of Kubernetes and of the operators', () => {
    expect(of(overlay).objects.length).toBeGreaterThan(0);
    expect(invalid(of(overlay).text)).toBe('');
  });

  it('makes pods that pass the Pod Security Standard restricted', () => {
    expect(podsOf(of(overlay).objects).flatMap(violationsOf)).toEqual([]);
  });

  it('says in which namespace each object is', () => {
    const without = of(overlay).objects.filter(({ kind, metadata }) => kind !== 'Namespace' && !metadata.namespace);
    expect(without).toEqual([]);
  });
});

describe('k8s/kafka', () => {
  const objects = of('kafka').objects;
  const specs = (kind: string, from: readonly KubernetesObject[]) =>
    Object.fromEntries(
      from
        .filter((object) => object.kind === kind)
        .map(({ metadata, spec }) => [metadata.name, spec])
        .toSorted(([a], [b]) => String(a).localeCompare(String(b))),
    );

  it.each(['KafkaTopic', 'KafkaUser'])('has every %s exactly as the chart would make it', (kind) => {
    const byChart = render({
      files: ['ci/minimal-values.yaml'],
      set: [
        'kafka.topicPrefix=""',
        `kafka.strimzi={"clusterName":"${KAFKA_OVERLAY.cluster}","topics":{"enabled":true},"users":{"enabled":true}}`,
      ],
      release: KAFKA_OVERLAY.release,
    }).objects;
    expect(Object.keys(specs(kind, objects)).length).toBeGreaterThanOrEqual(TOPICS.length);
    expect(specs(kind, objects)).toEqual(specs(kind, byChart));
  });

  it('keeps every acknowledged event when a broker is lost', () => {
    const kafka = objects.find(({ kind }) => kind === 'Kafka') as unknown as { spec: { kafka: { config: Values } } };
    expect(kafka.spec.kafka.config).toMatchObject({
      'min.insync.replicas': 2,
      'default.replication.factor': 3,
      'unclean.leader.election.enable': false,
      'auto.create.topics.enable': false,
    });
    const pools = objects.filter(({ kind }) => kind === 'KafkaNodePool');
    expect(pools.map(({ spec }) => spec)).toMatchObject([{ replicas: 3 }, { replicas: 3 }]);
  });
});

describe('the production release', () => {
  const { objects: around } = of('production');
  const { text, objects: release } = render({
    files: ['values-production.yaml', '../../k8s/production/values.yaml'],
    release: 'payments',
    namespace: 'payments',
  });
  const names = (kind: string, from: readonly KubernetesObject[] = around) =>
    from.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
  const everyMatch = (pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, found]) => found));

  it('is taken by the schemas', () => {
    expect(invalid(text)).toBe('');
  });

  it('finds the Secrets that Strimzi and you make, and makes none itself', () => {
    const given = ['commercetools', 'stripe', 'stripe-webhook'];
    const made = new Set([...names('KafkaUser'), ...names('Kafka').map((name) => `${name}-cluster-ca-cert`), ...given]);
    const wanted = new Set<string>();
    JSON.stringify(podsOf(release), (key, node) => {
      if (key === 'secretKeyRef') wanted.add(node.name);
      if (key === 'secret') wanted.add(node.secretName);
      return node;
    });
    expect(wanted.size).toBeGreaterThan(given.length);
    expect([...wanted].filter((name) => !made.has(name))).toEqual([]);
    expect(names('Secret', release)).toEqual([]);
    expect(names('KafkaUser', release)).toEqual([]);
  });

  it('loses no event to GitOps: what holds them is neither pruned nor deleted with the application', () => {
    const kept = around.filter(
      ({ metadata }) => metadata.annotations?.['argocd.argoproj.io/sync-options'] === 'Prune=false,Delete=false',
    );
    const holders = around.filter(({ kind }) => ['Kafka', 'KafkaNodePool', 'KafkaTopic'].includes(kind));
    expect(holders.length).toBeGreaterThan(TOPICS.length);
    expect(kept).toEqual(holders);
  });

  it('attaches to the Gateway under a host that it listens to', () => {
    const gateway = around.find(({ kind }) => kind === 'Gateway') as unknown as {
      metadata: { name: string };
      spec: { listeners: { name: string; hostname: string }[] };
    };
    const route = release.find(({ kind }) => kind === 'HTTPRoute') as unknown as {
      spec: { hostnames: string[]; parentRefs: { name: string; sectionName: string }[] };
    };
    const [parent] = route.spec.parentRefs;
    expect(parent?.name).toBe(gateway.metadata.name);
    const listener = gateway.spec.listeners.find(({ name }) => name === parent?.sectionName);
    expect(route.spec.hostnames).toEqual([listener?.hostname]);
  });

  it('sends its traces to the collector, which takes them from it alone', () => {
    const [endpoint, ...others] = everyMatch(/OTEL_EXPORTER_OTLP_ENDPOINT: (\S+)/g);
    expect(others).toEqual([]);
    const { hostname, port } = new URL(endpoint?.replaceAll('"', '') ?? '');
    const service = around.find(({ kind, metadata }) => kind === 'Service' && metadata.name === hostname);
    expect(service?.spec).toMatchObject({
      ports: expect.arrayContaining([expect.objectContaining({ port: Number(port) })]),
    });
    const policy = around.find(({ kind }) => kind === 'NetworkPolicy') as unknown as {
      spec: { podSelector: { matchLabels: Values }; ingress: { from?: Values[] }[] };
    };
    expect(policy.spec.podSelector.matchLabels).toEqual({ 'app.kubernetes.io/name': 'otel-collector' });
    expect(policy.spec.ingress[0]?.from).toEqual([
      { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'stripe-connector' } } },
    ]);
  });

  it('is the one that Argo CD installs', () => {
    const application = of('argocd').objects.find(({ kind }) => kind === 'Application') as unknown as {
      spec: {
        destination: Values;
        sources: { path?: string; targetRevision: string; helm?: { releaseName: string } }[];
      };
    };
    const { destination, sources } = application.spec;
    expect(destination.namespace).toBe(around.find(({ kind }) => kind === 'Namespace')?.metadata.name);
    expect(sources.map(({ path, helm }) => path ?? helm?.releaseName)).toEqual(['k8s/production', 'payments']);
  });
});
