import { readFileSync } from 'node:fs';
import { TOPICS } from '@connector/contracts';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { invalid } from './kubeconform.ts';
import { type KubernetesObject, OPERATORS, render } from './rendered.ts';
import type { Values } from './values.ts';

type Shop = Readonly<Record<string, string>>;
interface ApplicationSet {
  readonly spec: {
    readonly generators: readonly { readonly list: { readonly elements: readonly Shop[] } }[];
    readonly template: {
      readonly spec: {
        readonly destination: { readonly namespace: string };
        readonly source: { readonly helm: { readonly releaseName: string; readonly valuesObject: Values } };
      };
    };
  };
}

const text = readFileSync(new URL('../../../k8s/many-shops/applicationset.yaml', import.meta.url), 'utf8');
const { generators, template } = (parse(text) as ApplicationSet).spec;
const shops = generators.flatMap(({ list }) => list.elements);

/** As Argo CD fills in the template: a field that the shop has not is an error. */
function filled<T>(value: T, shop: Shop): T {
  const words = JSON.stringify(value).replaceAll(/\{\{ \.(\w+) \}\}/g, (_all, name: string) => {
    const word = shop[name];
    if (word === undefined) throw new Error(`${shop.shop} has no ${name}`);
    return word;
  });
  return JSON.parse(words) as T;
}

it('is an ApplicationSet that Argo CD takes, field by field', () => {
  expect(invalid(text)).toBe('');
  expect(invalid(text.replace('missingkey=error]', 'missingkey=error]\n  goTemplates: true'))).toContain('goTemplates');
  expect(invalid(text.replace('valuesObject:', 'valueObject:'))).toContain('valueObject');
});

interface Release {
  readonly shop: Shop;
  readonly objects: readonly KubernetesObject[];
  readonly prefix: string;
}

function release(
  shop: Shop,
  more: readonly string[] = [],
  place: { release?: string; namespace?: string } = {},
): Release {
  const { destination, source } = filled(template.spec, shop);
  const set = [
    ...Object.entries(source.helm.valuesObject).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    ...more,
  ];
  const { objects } = render({
    files: ['values-production.yaml'],
    set,
    apis: OPERATORS,
    release: source.helm.releaseName,
    namespace: destination.namespace,
    ...place,
  });
  const config = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && /-ledger-[0-9a-f]{8}$/.test(metadata.name),
  );
  return { shop, objects, prefix: String((config?.data as Values | undefined)?.KAFKA_TOPIC_PREFIX ?? '') };
}

const releases = shops.map((shop) => release(shop));
const specOf = (object: KubernetesObject) => object.spec as Values;

/** What more than one release has. */
function shared(of: (release: Release) => Iterable<string>): string[] {
  const owners = new Map<string, Set<Release>>();
  for (const each of releases) for (const name of of(each)) owners.set(name, (owners.get(name) ?? new Set()).add(each));
  return [...owners].filter(([, all]) => all.size > 1).map(([name]) => name);
}

it('there are ten shops, each with everything that the template asks for', () => {
  expect(shops).toHaveLength(10);
  for (const { objects } of releases) expect(objects.length).toBeGreaterThan(40);
});

it('no prefix of topics and groups is empty, or begins another', () => {
  const prefixes = releases.map(({ prefix }) => prefix);
  for (const one of prefixes) {
    expect(one).toMatch(/^[\w.-]+\.$/);
    expect(prefixes.filter((other) => other.startsWith(one))).toEqual([one]);
  }
});

it.each<[string, (release: Release) => Iterable<string>]>([
  ['topic', ({ prefix }) => TOPICS.map(({ name }) => `${prefix}${name}`)],
  [
    'host',
    ({ objects }) => objects.flatMap((each) => (each.kind === 'HTTPRoute' ? (specOf(each).hostnames as string[]) : [])),
  ],
  [
    'webhook endpoint',
    ({ objects }) =>
      objects.flatMap(({ kind, data }) =>
        kind === 'ConfigMap' ? String((data as Values).STRIPE_WEBHOOK_ID ?? '') || [] : [],
      ),
  ],
  [
    'object',
    ({ objects }) => objects.map(({ kind, metadata }) => `${metadata.namespace ?? ''}/${kind}/${metadata.name}`),
  ],
])('no two shops share a %s', (_what, of) => {
  expect([...of(releases[0] as Release)].length).toBeGreaterThan(0);
  expect(shared(of)).toEqual([]);
});

it('with a Kafka user for each part, in one namespace, no user has a right on what is of another shop', () => {
  const strimzi = { clusterName: 'events', topics: { enabled: true }, users: { enabled: true } };
  const more = [`kafka.strimzi=${JSON.stringify(strimzi)}`, 'kafka.sasl.mechanism=""', 'kafka.sasl.existingSecret=""'];
  const users = new Set<string>();
  for (const shop of shops.slice(0, 3)) {
    const { objects, prefix } = release(shop, more, { release: shop.shop ?? '', namespace: 'kafka' });
    for (const user of objects.filter(({ kind }) => kind === 'KafkaUser')) {
      expect(users).not.toContain(user.metadata.name);
      users.add(user.metadata.name);
      const { acls } = specOf(user).authorization as { acls: { resource: { name?: string } }[] };
      for (const { resource } of acls)
        expect(resource.name ?? prefix).toSatisfy((name: string) => name.startsWith(prefix));
    }
  }
  expect(users.size).toBeGreaterThan(10);
});
