import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkKafkaEnvironment, type KafkaEnvironment } from '@connector/kafka';
import { ConfigError, parseConfig } from '@connector/lifecycle';
import { chartRules } from '@connector/monitoring';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { invalid } from './kubeconform.ts';
import {
  cases,
  type KubernetesObject,
  lint,
  NAMESPACE,
  type Pod,
  podsOf,
  RELEASE,
  type RenderOptions,
  refusal,
  render,
} from './rendered.ts';
import { violationsOf } from './restricted.ts';
import { exitCodeOf, startSidecar } from './sidecar.ts';
import { CHART, isMap, read, type Values } from './values.ts';
import { READERS } from './variables.ts';

const MINIMAL = 'ci/minimal-values.yaml';
const CASES = ['ci', 'examples'].flatMap((folder) =>
  cases(
    folder,
    readdirSync(new URL(folder, CHART)).filter((file) => file.endsWith('-values.yaml')),
  ),
);

const renderings = new Map(CASES.map(([name, files]) => [name, render({ files })]));
const of = (name: string) => {
  const found = renderings.get(name);
  if (!found) throw new Error(`there is no ${name}-values.yaml`);
  return found;
};
const minimal = (...set: string[]): KubernetesObject[] => [...render({ files: [MINIMAL], set }).objects];
const find = (objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject => {
  // What is immutable has what it holds in its name.
  const named = new RegExp(`^${name}(-[0-9a-f]{8})?$`);
  const found = objects.find((object) => object.kind === kind && named.test(object.metadata.name));
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
};
const DEV_WITH_CREDENTIALS = ['values-dev.yaml', 'ci/dev-credentials-values.yaml'];
const FULLNAME = `${RELEASE}-stripe-connector`;
const ledger = (objects: readonly KubernetesObject[]) => find(objects, 'Deployment', `${FULLNAME}-ledger`);

describe.each(CASES)('%s', (name, files) => {
  it('passes helm lint --strict', () => {
    expect(lint({ files })).toBe('');
  });

  it('is taken by the schemas of Kubernetes and of the operators', () => {
    expect(of(name).objects.length).toBeGreaterThan(20);
    // Only Gateway API's own external authorization is still experimental.
    expect(invalid(of(name).text, { isExperimental: name === 'external-auth-gateway-api' })).toBe('');
  });

  it('makes pods that pass the Pod Security Standard restricted, cannot write, ask no API and have their resources set', () => {
    const pods = podsOf(of(name).objects);
    expect(pods.length).toBeGreaterThan(5);
    expect(pods.flatMap(violationsOf)).toEqual([]);
  });

  it("gives every object its labels and the release's namespace", () => {
    const without = of(name).objects.filter(
      ({ metadata: { name, labels, namespace } }) =>
        !name.endsWith('-extra') && !name.endsWith('-text') && (!labels?.['app.kubernetes.io/instance'] || !namespace),
    );
    expect(without).toEqual([]);
  });

  it('has no two objects of one name', () => {
    const names = of(name).objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('names only ConfigMaps, Secrets and accounts that it makes or that are given', () => {
    expect(danglingOf(of(name).objects, files)).toEqual([]);
  });

  it('gives every service and command a configuration that it starts with', () => {
    const problems = podsOf(of(name).objects).flatMap((pod) => configProblems(pod, of(name).objects));
    expect(problems).toEqual([]);
  });
});

/** What the containers of ours say to their environment, each by its own schema. */
function configProblems(pod: Pod, objects: readonly KubernetesObject[]): string[] {
  const parts: Record<string, string> = { topics: 'ensure-topics' };
  return pod.all.flatMap((container) => {
    const part = parts[container.name] ?? container.name;
    if (!(part in READERS)) return [];
    const env: Record<string, string> = {};
    for (const { configMapRef } of container.envFrom ?? []) {
      const map = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef?.name);
      Object.assign(env, map?.data);
    }
    for (const { name, value } of container.env ?? []) env[name] = value ?? SECRETS[name] ?? '';
    // The files are there in a pod only.
    for (const file of Object.keys(env).filter((variable) => variable.endsWith('_FILE'))) {
      delete env[file];
      const variable = file.replace(/_FILE$/, '');
      env[variable] = SECRETS[variable] ?? '';
    }
    const live = env.STRIPE_PUBLISHABLE_KEY?.startsWith('pk_live_');
    if (live && env.STRIPE_SECRET_KEY) env.STRIPE_SECRET_KEY = 'sk_live_51abc';
    try {
      const config: unknown = parseConfig(READERS[part as keyof typeof READERS], env);
      return 'KAFKA_BROKERS' in env ? checkKafkaEnvironment(config as KafkaEnvironment) : [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems.map((problem) => `${pod.owner}, ${container.name}: ${problem}`);
    }
  });
}

const SECRETS: Record<string, string> = {
  CTP_CLIENT_ID: 'id-of-a-client',
  CTP_CLIENT_SECRET: 'secret-of-a-client',
  STRIPE_SECRET_KEY: 'sk_test_51abc',
  STRIPE_WEBHOOK_SIGNING_SECRET: 'whsec_51abc',
  KAFKA_SASL_USERNAME: 'connector',
  KAFKA_SASL_PASSWORD: 'secret',
  KAFKA_SASL_OAUTH_CLIENT_ID: 'connector',
  KAFKA_SASL_OAUTH_CLIENT_SECRET: 'secret',
};

/** References to objects that are neither in the release nor named by its values. */
function danglingOf(objects: readonly KubernetesObject[], files: readonly string[]): string[] {
  const given = files.map(read).join('\n');
  const made = (kind: string, name: string) =>
    objects.some((object) => object.kind === kind && object.metadata.name === name) ||
    // The operators make a Secret under their object's name.
    (kind === 'Secret' &&
      objects.some(({ kind, metadata }) => /^(ExternalSecret|KafkaUser)$/.test(kind) && metadata.name === name));
  const missing: string[] = [];
  const look = (node: unknown, key: string): void => {
    if (Array.isArray(node)) for (const each of node) look(each, key);
    if (!isMap(node)) return;
    for (const [inner, value] of Object.entries(node)) look(value, inner);
    const kind = { configMapRef: 'ConfigMap', secretKeyRef: 'Secret', secret: 'Secret' }[key];
    const name = node.name ?? node.secretName;
    if (kind && typeof name === 'string' && !made(kind, name) && !given.includes(name)) missing.push(`${kind} ${name}`);
  };
  for (const { spec } of podsOf(objects)) {
    look(spec, '');
    const account = spec.serviceAccountName;
    if (typeof account === 'string' && account !== 'default' && !made('ServiceAccount', account)) missing.push(account);
  }
  return missing;
}

describe('the checks themselves', () => {
  it.each([
    ['an unknown field', 'replicas: 2', 'replicaz: 2'],
    ['a wrong type', 'revisionHistoryLimit: 5', 'revisionHistoryLimit: five'],
  ])('the schemas refuse %s', (_what, right, wrong) => {
    const { text } = of('minimal');
    expect(text).toContain(right);
    expect(invalid(text.replace(right, wrong))).not.toBe('');
  });

  it.each([
    ['root', 'defaults.podSecurityContext={"runAsNonRoot":false}'],
    ['a writable root', 'defaults.securityContext={"readOnlyRootFilesystem":false}'],
    ['a capability', 'defaults.securityContext={"capabilities":{"add":["NET_ADMIN"]}}'],
    ['privilege', 'defaults.securityContext={"privileged":true}'],
    ['a path of the node', 'defaults.extraVolumes=[{"name":"node","hostPath":{"path":"/"}}]'],
    ['a service account token', 'defaults.serviceAccount.automount=true'],
    ['no memory limit', 'defaults.resources.limits=null'],
  ])('the restricted check finds %s', (_what, value) => {
    expect(podsOf(minimal(value)).flatMap(violationsOf)).not.toEqual([]);
  });

  it('a configuration that a service would refuse is found', () => {
    const objects = minimal('kafka.topicPrefix="shop."');
    const map = find(objects, 'ConfigMap', `${FULLNAME}-ledger`) as unknown as { data: Record<string, string> };
    map.data.KAFKA_TOPIC_PREFIX = 'not a topic';
    expect(
      podsOf(objects)
        .flatMap((pod) => configProblems(pod, objects))
        .join(),
    ).toContain('KAFKA_TOPIC_PREFIX');
  });
});

/** Topic prefix and instance that every part of the release has, each once. */
const namesOf = (objects: readonly KubernetesObject[], variable: string) => {
  const maps = objects.filter(({ kind, data }) => kind === 'ConfigMap' && isMap(data) && 'KAFKA_BROKERS' in data);
  return [...new Set(maps.map(({ data }) => (data as Record<string, string>)[variable]))];
};

describe('two releases on one Kafka', () => {
  const release = (name: string, namespace: string, set: string[] = []) =>
    render({ files: [MINIMAL], release: name, namespace, set }).objects;

  it.each([
    ['of two names', release('pay', 'shop'), release('pay-b', 'shop')],
    ['in two namespaces', release('pay', 'shop'), release('pay', 'shop-b')],
    ['of two projects', release('pay', 'shop'), release('pay', 'shop', ['commercetools.projectKey="other"'])],
  ])('%s share no topic and no group', (_what, one, other) => {
    for (const variable of ['KAFKA_TOPIC_PREFIX', 'KAFKA_INSTANCE']) {
      const [first, second] = [namesOf(one, variable), namesOf(other, variable)];
      expect([first.length, second.length]).toEqual([1, 1]);
      expect(first[0]).not.toBe(second[0]);
      expect(first[0]).toContain('shop');
    }
  });

  it('keep names without a prefix when that is said, and are still distinguished by their instance', () => {
    const plain = release('pay', 'shop', ['kafka.topicPrefix=""']);
    expect(namesOf(plain, 'KAFKA_TOPIC_PREFIX')).toEqual([undefined]);
    expect(namesOf(plain, 'KAFKA_INSTANCE')).toEqual(['my-project.shop.pay']);
  });

  it('of trials have a simulated project each', () => {
    const keys = ['team-a', 'team-b'].map((namespace) => {
      const { objects } = render({ files: ['values-dev.yaml', 'ci/dev-values.yaml'], namespace });
      const simulator = podsOf(objects).find(({ owner }) => owner.endsWith('-commercetools-simulator'));
      const made = simulator?.all[0]?.env?.find(({ name }) => name === 'CT_SIM_PROJECT_KEY')?.value;
      expect(made).toMatch(/^sandbox-[0-9a-f]{8}$/);
      expect(namesOf(objects, 'CTP_PROJECT_KEY').filter(Boolean)).toEqual([made]);
      return made;
    });
    expect(keys[0]).not.toBe(keys[1]);
  });
});

describe('refuses, with a message that names the value', () => {
  it.each<[what: string, message: string, options: RenderOptions]>([
    ['nothing at all', 'commercetools.projectKey is required', {}],
    [
      'no Secret for commercetools',
      'commercetools.existingSecret',
      { files: [MINIMAL], set: ['commercetools.existingSecret=""'] },
    ],
    ['no Secret for Stripe', 'stripe.existingSecret', { files: [MINIMAL], set: ['stripe.existingSecret=""'] }],
    ['no password for SASL', 'kafka.sasl.existingSecret', { files: [MINIMAL], set: ['kafka.sasl.mechanism="plain"'] }],
    [
      'OAuth without a token endpoint',
      'kafka.sasl.oauth.tokenUrl is required',
      { files: [MINIMAL], set: ['kafka.sasl={"mechanism":"oauthbearer","existingSecret":"kafka-client"}'] },
    ],
    [
      'OAuth without a client',
      'kafka.sasl.existingSecret must name',
      {
        files: [MINIMAL],
        set: ['kafka.sasl={"mechanism":"oauthbearer","oauth":{"tokenUrl":"https://id.example.com"}}'],
      },
    ],
    [
      'MSK without TLS',
      'kafka.tls.enabled must be true',
      { files: [MINIMAL], set: ['kafka.sasl={"mechanism":"aws-msk-iam","awsRegion":"eu-west-1"}'] },
    ],
    [
      'MSK with a password',
      'kafka.sasl.existingSecret has no meaning',
      {
        files: [MINIMAL],
        set: [
          'kafka.tls.enabled=true',
          'kafka.sasl={"mechanism":"aws-msk-iam","awsRegion":"eu-west-1","existingSecret":"a"}',
        ],
      },
    ],
    [
      'a region for another mechanism',
      'kafka.sasl.awsRegion has a meaning',
      {
        files: [MINIMAL],
        set: ['kafka.sasl={"mechanism":"plain","awsRegion":"eu-west-1","existingSecret":"kafka-user"}'],
      },
    ],
    ['an unknown mechanism', '/kafka/sasl/mechanism', { files: [MINIMAL], set: ['kafka.sasl.mechanism="gssapi"'] }],
    [
      'a password without TLS',
      'kafka.tls.enabled must be true with kafka.sasl.mechanism=plain',
      { files: [MINIMAL], set: ['kafka.sasl={"mechanism":"plain","existingSecret":"kafka-user"}'] },
    ],
    [
      'a topic that does not exist',
      'there is no topic payment.events',
      { files: [MINIMAL], set: ['kafka.topics.partitions={"payment.events":3}'] },
    ],
    [
      'an alert that does not exist',
      'there is no alert ConsumerLagHihg',
      { files: [MINIMAL], set: ['metrics.prometheusRule.alerts={"ConsumerLagHihg":{"enabled":false}}'] },
    ],
    [
      'money that nobody can return',
      'orders.settle=return needs services.intent',
      { files: [MINIMAL], set: ['orders.settle="return"', 'services.intent.enabled=false'] },
    ],
    [
      'money that the token may not return',
      'orders.settle=return needs manage_checkout_payment_intents in commercetools.scopes',
      { files: [MINIMAL], set: ['orders.settle="return"', 'commercetools.scopes=["manage_payments:shop"]'] },
    ],
    [
      'orders that nobody makes',
      'orders.settle=create does nothing without cronJobs.unordered.enabled',
      { files: [MINIMAL], set: ['orders.settle="create"', 'cronJobs.unordered.enabled=false'] },
    ],
    [
      'an order number that is every cart’s',
      '/orders/orderNumber',
      { files: [MINIMAL], set: ['orders.orderNumber="WEB"'] },
    ],
    ['a broker at port 0', 'no port from 1', { files: [MINIMAL], set: ['kafka.brokers=["kafka:0"]'] }],
    [
      'a prefix that makes names too long',
      'kafka.topicPrefix is 200 characters long',
      { files: [MINIMAL], set: [`kafka.topicPrefix="${'a'.repeat(200)}"`] },
    ],
    [
      'a credential in two places',
      'stripe.existingSecret and stripe.secretKey contradict',
      { files: [MINIMAL], set: ['stripe.secretKey="sk_test_51abc"'] },
    ],
    [
      'keys of different modes',
      'are of different modes',
      { files: [MINIMAL], set: ['stripe={"existingSecret":"","secretKey":"sk_live_1","publishableKey":"pk_test_1"}'] },
    ],
    [
      'live mode over http',
      'publicUrl must be https in live mode',
      { files: [MINIMAL], set: ['stripe.publishableKey="pk_live_1"', 'publicUrl="http://pay.example.com"'] },
    ],
    [
      'a certificate for another host',
      'ingress.tls: b.example.com is not one of ingress.hosts',
      {
        files: [MINIMAL],
        set: [
          'ingress={"enabled":true,"hosts":["a.example.com"],"tls":[{"hosts":["b.example.com"],"secretName":"tls"}]}',
        ],
      },
    ],
    [
      'a host with a scheme',
      'must be a host alone',
      { files: [MINIMAL], set: ['ingress={"enabled":true,"hosts":["https://a.example.com"]}'] },
    ],
    [
      'a budget that stops every drain',
      'services.intent.pdb.maxUnavailable=0',
      { files: [MINIMAL], set: ['services.intent.pdb.maxUnavailable=0'] },
    ],
    [
      'memory in thousandths of a byte',
      'services.ledger.resources.limits.memory=512m',
      { files: [MINIMAL], set: ['services.ledger.resources.limits.memory="512m"'] },
    ],
    [
      'a proxy in two places',
      'proxy.existingSecret and proxy.https',
      { files: [MINIMAL], set: ['proxy={"https":"http://proxy:3128","existingSecret":"proxy"}'] },
    ],
    ['no origins', 'settings.ALLOWED_ORIGINS', { files: [MINIMAL], set: ['settings.ALLOWED_ORIGINS=[]'] }],
    ['no brokers', 'kafka.brokers', { files: [MINIMAL], set: ['kafka.brokers=[]'] }],
    ['brokers and a bundled one', 'contradict', { files: [MINIMAL], set: ['kafka.bundled.enabled=true'] }],
    ['a URL that is not given', 'commercetools.apiUrl', { files: [MINIMAL], set: ['commercetools.region=""'] }],
    [
      'HPA and KEDA',
      'services.ledger.autoscaling',
      { files: [MINIMAL], set: ['services.ledger.autoscaling={"enabled":true,"keda":{"enabled":true}}'] },
    ],
    [
      'KEDA without lag',
      'only the ledger',
      { files: [MINIMAL], set: ['services.intent.autoscaling.keda.enabled=true'] },
    ],
    [
      'both monitors',
      'metrics.serviceMonitor and metrics.podMonitor',
      { files: [MINIMAL], set: ['metrics={"serviceMonitor":{"enabled":true},"podMonitor":{"enabled":true}}'] },
    ],
    [
      'an operator that is not there',
      'monitoring.coreos.com/v1',
      { files: [MINIMAL], set: ['metrics.serviceMonitor.enabled=true'], apis: [] },
    ],
    ['an endpoint without an address', 'publicUrl', { files: [MINIMAL], set: ['stripe.webhookEndpointId="we_1"'] }],
    [
      'simulators with a live key',
      'stripe.publishableKey is a live key',
      { files: [MINIMAL], set: ['simulators.enabled=true', 'stripe.publishableKey="pk_live_51abc"'] },
    ],
    [
      'a simulated side with values of a real one',
      'stripe.publishableKey is given without credentials',
      { files: [MINIMAL], set: ['simulators.enabled=true', 'stripe.existingSecret=""'] },
    ],
    [
      'simulators without an address of the shop',
      'publicUrl is required with simulators',
      { files: ['values-dev.yaml'], set: ['publicUrl=""'] },
    ],
    [
      'half of the credentials of a side',
      'no commercetools-client-secret',
      { files: ['values-dev.yaml'], set: ['commercetools.clientId="id"'] },
    ],
    ['a route without a Gateway', 'gateway.parentRefs', { files: [MINIMAL], set: ['gateway.enabled=true'] }],
    [
      'no time to stop',
      'terminationGracePeriodSeconds',
      { files: [MINIMAL], set: ['services.intent.terminationGracePeriodSeconds=10'] },
    ],
    [
      'Strimzi without its cluster',
      'kafka.strimzi.clusterName',
      { files: [MINIMAL], set: ['kafka.strimzi.topics.enabled=true'] },
    ],
    [
      'users who would have to make topics',
      'kafka.topics.create=false',
      { files: [MINIMAL], set: ['kafka.strimzi={"clusterName":"events","users":{"enabled":true}}'] },
    ],
    [
      'a store without a reference',
      'externalSecrets.remoteRefs.stripe-secret-key',
      { files: [MINIMAL], set: ['stripe.existingSecret=""', 'externalSecrets.enabled=true'] },
    ],
    [
      'an unknown key',
      "additional properties 'replicaCont' not allowed",
      { files: [MINIMAL], set: ['defaults.replicaCont=3'] },
    ],
    [
      'an unknown key of a service',
      "additional properties 'replica' not allowed",
      { files: [MINIMAL], set: ['services.ledger.replica=3'] },
    ],
    [
      'an unknown service',
      "additional properties 'ledgre' not allowed",
      { files: [MINIMAL], set: ['services.ledgre={}'] },
    ],
    [
      'an unknown setting',
      "additional properties 'STRIPE_CAPTURE' not allowed",
      { files: [MINIMAL], set: ['settings.STRIPE_CAPTURE="manual"'] },
    ],
    [
      'a setting outside its list',
      '/settings/STRIPE_CAPTURE_METHOD',
      { files: [MINIMAL], set: ['settings.STRIPE_CAPTURE_METHOD="sometimes"'] },
    ],
    ['a number as text', '/defaults/replicaCount', { files: [MINIMAL], set: ['defaults.replicaCount="two"'] }],
    [
      'an origin with a path',
      '/settings/ALLOWED_ORIGINS/0',
      { files: [MINIMAL], set: ['settings.ALLOWED_ORIGINS=["https://shop.example.com/"]'] },
    ],
    [
      'a key of the wrong kind',
      '/stripe/publishableKey',
      { files: [MINIMAL], set: ['stripe.publishableKey="sk_test_51abc"'] },
    ],
    [
      'latest',
      'services.ledger.image.tag (or defaults.image.tag)=latest changes under a release',
      { files: [MINIMAL], set: ['defaults.image.tag="latest"'] },
    ],
    [
      'memory in MB',
      'services.ledger.resources.requests.memory=128MB is no quantity of Kubernetes: write 128Mi',
      { files: [MINIMAL], set: ['services.ledger.resources.requests.memory="128MB"'] },
    ],
    [
      'a host with a port',
      'ingress.hosts: pay.example.com:8080 must be a host alone',
      { files: [MINIMAL], set: ['ingress.enabled=true', 'ingress.hosts=["pay.example.com:8080"]'] },
    ],
  ])('%s', (_what, message, options) => {
    expect(refusal(options)).toContain(message);
  });

  it('names everything at once', () => {
    expect(refusal({})?.match(/^ {2}- /gm)?.length).toBeGreaterThan(10);
  });
});

describe('routes', () => {
  const table = (JSON.parse(read('files/routes.json')) as { path: string; match: string; service: string }[])
    .map(({ path, match, service }) => `${service} ${match} ${path}`)
    .toSorted();

  it('the HTTPRoute has exactly the route table', () => {
    const { spec } = find(of('gateway').objects, 'HTTPRoute', `${FULLNAME}-routes`) as unknown as {
      spec: { rules: { matches: { path: { type: string; value: string } }[]; backendRefs: { name: string }[] }[] };
    };
    const routes = spec.rules.flatMap(({ matches, backendRefs: [backend] }) =>
      matches.map(({ path: { type, value } }) => {
        const service = backend?.name.replace(`${FULLNAME}-`, '');
        return `${service} ${type === 'Exact' ? 'exact' : 'prefix'} ${value}`;
      }),
    );
    expect(routes.toSorted()).toEqual(table);
  });

  it('the Ingress has exactly the route table for every host', () => {
    const { spec } = find(of('ingress').objects, 'Ingress', `${FULLNAME}-routes`) as unknown as {
      spec: {
        rules: {
          host: string;
          http: { paths: { path: string; pathType: string; backend: { service: { name: string } } }[] };
        }[];
      };
    };
    expect(spec.rules.map(({ host }) => host)).toEqual(['payments.example.com', 'pay.example.org']);
    for (const { http } of spec.rules) {
      const routes = http.paths.map(
        ({ path, pathType, backend }) =>
          `${backend.service.name.replace(`${FULLNAME}-`, '')} ${pathType.toLowerCase()} ${path}`,
      );
      expect(routes.toSorted()).toEqual(table);
    }
  });

  it('nothing is reachable from outside unless asked for', () => {
    const kinds = minimal().map(({ kind }) => kind);
    expect(kinds).not.toContain('HTTPRoute');
    expect(kinds).not.toContain('Ingress');
  });

  it('health, metrics and checks of sessions are not in the table', () => {
    expect(table.filter((route) => /livez|readyz|metrics|verify|ext-auth|session-auth/.test(route))).toEqual([]);
  });
});

describe('rollouts', () => {
  const selectorsOf = (objects: readonly KubernetesObject[]) =>
    objects
      .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
      .map(({ spec }) => (spec as { selector: Values }).selector);

  it('selectors do not change with labels, images or settings', () => {
    const changed = minimal(
      'commonLabels={"team":"payments"}',
      'defaults.image.tag="9.9.9"',
      'settings.LOG_LEVEL="debug"',
    );
    expect(selectorsOf(changed)).toEqual(selectorsOf(minimal()));
  });

  it.each([
    ['a setting of the ledger restarts the ledger alone', 'settings.LEDGER_CONCURRENCY=8', ['ledger']],
    ['a setting of two services restarts both', 'settings.TRUSTED_PROXY_HOPS=2', ['intent', 'webhook-ingest']],
    [
      'a new secretRevision restarts all',
      'secretRevision="2"',
      ['enabler', 'intent', 'ledger', 'session-auth', 'webhook-ingest'],
    ],
    ['a value that no pod reads restarts nothing', 'publicUrl="https://payments.example.com"', []],
  ])('%s', (_what, value, expected) => {
    const annotations = (objects: readonly KubernetesObject[]) =>
      new Map(
        podsOf(objects)
          .filter(({ owner }) => owner.startsWith('Deployment'))
          .map((pod) => [pod.owner, pod.annotations]),
      );
    const before = annotations(minimal());
    const restarted = [...annotations(minimal(value))].flatMap(([owner, after]) =>
      JSON.stringify(after) === JSON.stringify(before.get(owner)) ? [] : [owner.replace(`Deployment ${FULLNAME}-`, '')],
    );
    expect(restarted.toSorted()).toEqual(expected);
  });

  it('a change of a Secret made of values restarts the pods', () => {
    const secretsOf = (key: string) => {
      const { objects } = render({ files: DEV_WITH_CREDENTIALS, set: [`stripe.secretKey="${key}"`] });
      expect(find(objects, 'Secret', `${FULLNAME}-credentials`)).toMatchObject({ immutable: true });
      const text = JSON.stringify(podsOf(objects).find(({ owner }) => owner === `Deployment ${FULLNAME}-ledger`));
      return [...new Set(text.match(/[a-z-]+-credentials-[0-9a-f]{8}/g))];
    };
    const [one, two] = [secretsOf('sk_test_one'), secretsOf('sk_test_two')];
    expect([one.length, two.length]).toEqual([1, 1]);
    expect(one).not.toEqual(two);
  });

  it('every ConfigMap that a pod reads is immutable, and has what it holds in its name', () => {
    const mapsOf = (...set: string[]) =>
      minimal(...set).filter(({ kind, data }) => kind === 'ConfigMap' && isMap(data) && 'KAFKA_BROKERS' in data);
    const [before, after] = [mapsOf(), mapsOf('kafka.brokers=["other.example.com:9092"]')];
    expect(before.length).toBeGreaterThan(8);
    expect(before.filter(({ immutable }) => immutable !== true)).toEqual([]);
    const names = (maps: readonly KubernetesObject[]) => maps.map(({ metadata }) => metadata.name);
    expect(names(after).filter((name) => names(before).includes(name))).toEqual([]);
    expect(names(mapsOf())).toEqual(names(before));
  });

  it.each([
    ['an autoscaler', 'services.ledger.autoscaling.enabled=true'],
    ['KEDA', 'services.ledger.autoscaling.keda.enabled=true'],
  ])('leaves the replicas to %s', (_what, value) => {
    expect(ledger(minimal()).spec).toHaveProperty('replicas', 2);
    expect(ledger(minimal(value)).spec).not.toHaveProperty('replicas');
  });

  it('HTTP services lose no pod before a new one is ready', () => {
    for (const service of ['session-auth', 'intent', 'webhook-ingest', 'enabler']) {
      const { spec } = find(minimal(), 'Deployment', `${FULLNAME}-${service}`) as unknown as {
        spec: { strategy: { rollingUpdate: { maxUnavailable: number } } };
      };
      expect(spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
    }
  });
});

describe('secrets', () => {
  it('make no Secret when all of them exist', () => {
    expect(minimal().map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('are in no ConfigMap, argument or annotation', () => {
    const { objects } = of('dev-credentials');
    const secret = find(objects, 'Secret', `${FULLNAME}-credentials`) as unknown as {
      stringData: Record<string, string>;
    };
    const others = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'));
    const values = Object.values(secret.stringData);
    expect(values).toHaveLength(4);
    expect(values.filter((value) => others.includes(value))).toEqual([]);
  });

  it('webhook-ingest gets no key to Stripe', () => {
    const [pod] = podsOf(minimal()).filter(({ owner }) => owner.endsWith('-webhook-ingest'));
    expect(JSON.stringify(pod)).not.toContain('STRIPE_SECRET_KEY');
  });

  it('the browser library gets none at all', () => {
    const [pod] = podsOf(minimal()).filter(({ owner }) => owner === `Deployment ${FULLNAME}-enabler`);
    expect(JSON.stringify(pod)).not.toMatch(/secretKeyRef|secretName/);
  });

  it('each part has its own Kafka user with Strimzi', () => {
    const { objects } = of('strimzi-scram');
    const users = objects.filter(({ kind }) => kind === 'KafkaUser').map(({ metadata }) => metadata.name);
    const map = find(objects, 'ConfigMap', `${FULLNAME}-intent`) as unknown as { data: Record<string, string> };
    expect(users).toHaveLength(10);
    expect(map.data).toMatchObject({
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: `${FULLNAME}-intent`,
    });
  });
});

it('every pod of ours leaves by the proxy, trusts the CAs of the company, and reaches the cluster directly', () => {
  const objects = minimal(
    'proxy={"https":"http://proxy.example.com:3128","exceptions":[".corp.example.com"]}',
    'extraCaCerts.existingConfigMap="corporate-ca"',
  );
  const pods = podsOf(objects).filter(({ owner }) => owner !== `Pod ${FULLNAME}-test`);
  expect(pods.length).toBeGreaterThan(10);
  for (const { owner, all, spec } of pods) {
    for (const { env = [], volumeMounts } of all) {
      const setTo = (variable: string) => env.find(({ name }) => name === variable)?.value;
      expect([owner, setTo('HTTPS_PROXY')]).toEqual([owner, 'http://proxy.example.com:3128']);
      expect(setTo('NO_PROXY')?.split(',')).toEqual(
        expect.arrayContaining(['.svc', '.cluster.local', `${FULLNAME}-session-auth`, '.corp.example.com']),
      );
      expect(setTo('NODE_USE_ENV_PROXY')).toBe('1');
      expect(setTo('NODE_EXTRA_CA_CERTS')).toBe('/etc/connector/ca/ca.crt');
      expect(volumeMounts).toContainEqual(expect.objectContaining({ mountPath: '/etc/connector/ca' }));
    }
    expect(spec.volumes).toContainEqual(
      expect.objectContaining({ configMap: expect.objectContaining({ name: 'corporate-ca' }) }),
    );
  }
});

it('a job asks the sidecar of a mesh to end when it has, and keeps its own exit code', async () => {
  await using sidecar = await startSidecar();
  const { url } = sidecar;
  const job = find(minimal(`jobs.quitSidecarUrl="${url}"`), 'Job', `${FULLNAME}-types`) as Values;
  const [container] = ((((job.spec as Values).template as Values).spec as Values).containers as Values[]) ?? [];
  const args = container?.args as string[];
  expect(args.slice(3)).toEqual([url, 'dist/commands/ensure-types.js']);
  const code = await exitCodeOf([...args.slice(0, 4), '--eval', 'process.exit(7)']);
  expect([code, sidecar.asked]).toEqual([7, ['POST /quitquitquit']]);
});

it('takes numbers and truth values where texts are meant, and writes them as texts', () => {
  const set = [
    'commonLabels={"cost-center":4711}',
    'commonAnnotations={"audited":true}',
    'defaults.nodeSelector={"gpu":false}',
    'defaults.podAnnotations={"prometheus.io/port":9464}',
    'kafka.topics.config={"min.insync.replicas":2}',
    'secretRevision=5',
    'settings.CONFIRM_WAIT_MS="5000"',
    'settings.JWT_AUDIENCE=42',
  ];
  const objects = minimal(...set);
  const { metadata, spec } = ledger(objects) as unknown as {
    metadata: { labels: Values; annotations: Values };
    spec: { template: { metadata: { annotations: Values }; spec: { nodeSelector: Values } } };
  };
  expect([metadata.labels['cost-center'], metadata.annotations.audited]).toEqual(['4711', 'true']);
  expect(spec.template.spec.nodeSelector).toEqual({ gpu: 'false' });
  expect(spec.template.metadata.annotations).toMatchObject({ 'prometheus.io/port': '9464', secretRevision: '5' });
  const data = (part: string) => find(objects, 'ConfigMap', `${FULLNAME}-${part}`).data as Values;
  expect(data('ensure-topics').KAFKA_TOPICS_CONFIG).toBe('{"min.insync.replicas":"2"}');
  expect(data('intent').CONFIRM_WAIT_MS).toBe('5000');
  expect(data('session-auth').JWT_AUDIENCE).toBe('42');
});

it('network policies let pods out to IPv6 addresses and brokers, but not to private ones', () => {
  const set = ['networkPolicy.enabled=true', 'kafka.brokers=["[2001:db8::1]:9094"]'];
  const policy = find(minimal(...set), 'NetworkPolicy', `${FULLNAME}-ledger`) as Values;
  const egress = JSON.stringify((policy.spec as Values).egress);
  expect(egress).toContain('{"ipBlock":{"cidr":"::/0","except":["fc00::/7","fe80::/10"]}}');
  expect(egress).toContain('{"ipBlock":{"cidr":"0.0.0.0/0","except":["10.0.0.0/8",');
  expect(egress).toContain('{"port":9094,"protocol":"TCP"}');
});

it('network policies let pods out to the ports of proxy, token server and another Stripe, and to DNS on OpenShift', () => {
  const policy = find(
    minimal(
      'networkPolicy.enabled=true',
      'proxy.https="http://proxy.example.com:3128"',
      'stripe.apiBase="https://stripe.example.com:8443"',
    ),
    'NetworkPolicy',
    `${FULLNAME}-intent`,
  );
  const { egress } = policy.spec as { egress: { ports: { port: number }[] }[] };
  const ports = egress.flatMap((rule) => rule.ports.map(({ port }) => port));
  expect(ports).toEqual(expect.arrayContaining([53, 5353, 443, 3128, 8443]));
});

describe('the check before a release', () => {
  const preflight = (objects: readonly KubernetesObject[]) =>
    podsOf(objects).find(({ owner }) => owner === `Job ${FULLNAME}-preflight`);
  const argsOf = (...set: string[]) => preflight(minimal(...set))?.all[0]?.args;

  it('runs before anything is made, by the command doctor', () => {
    expect(find(minimal(), 'Job', `${FULLNAME}-preflight`).metadata.annotations).toMatchObject({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-output-log-policy': 'hook-failed',
    });
    expect(argsOf()).toEqual(['dist/commands/doctor.js', '--before', '--only', 'commercetools,stripe,kafka']);
    expect(argsOf('publicUrl="https://pay.example.com"')?.at(3)).toBe('commercetools,stripe,kafka,edge');
    expect(argsOf('kafka.topics.create=false')).toContain('--topics-exist');
    expect(argsOf('preflight.enabled=false')).toBeUndefined();
  });

  it('needs nothing that the release makes: no ConfigMap, no account, no Secret without which its pod would not start', () => {
    const pod = preflight(of('kafka-mtls').objects);
    expect(pod?.spec).toMatchObject({ serviceAccountName: 'default' });
    expect(pod?.all[0]).not.toHaveProperty('envFrom');
    const references: Values[] = [];
    JSON.stringify(pod?.spec, (key, node) => {
      if (key === 'secretKeyRef' || key === 'secret') references.push(node);
      return node;
    });
    expect(references.length).toBeGreaterThan(4);
    expect(references.filter(({ optional }) => optional !== true)).toEqual([]);
  });

  it('has the credentials of the values in a Secret of its own, which goes with it', () => {
    const { objects } = render({ files: DEV_WITH_CREDENTIALS });
    expect(find(objects, 'Secret', `${FULLNAME}-preflight`).metadata.annotations).toMatchObject({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded,hook-failed',
    });
  });

  it('asks nothing of what is simulated, and of the bundled broker', () => {
    expect(preflight(of('dev').objects)).toBeUndefined();
    expect(preflight(of('simulated-stripe').objects)?.all[0]?.args?.at(3)).not.toContain('stripe');
  });
});

describe('the jobs at the webhook endpoint', () => {
  const hook = (objects: readonly KubernetesObject[], name: string) => find(objects, 'Job', `${FULLNAME}-${name}`);
  const names = (...set: string[]) =>
    minimal(...set)
      .filter(({ kind }) => kind === 'Job')
      .map(({ metadata }) => metadata.name.replace(`${FULLNAME}-`, ''));

  it.each<[what: string, expected: boolean, set: string[]]>([
    ['runs with a public https address', true, ['publicUrl="https://payments.example.com"']],
    [
      'runs for an endpoint that is named',
      true,
      ['publicUrl="http://payments.local"', 'stripe.webhookEndpointId="we_1"'],
    ],
    ['does not run when Stripe cannot reach the address', false, ['publicUrl="http://payments.local"']],
    ['does not run without an address', false, []],
    ['can be switched off', false, ['publicUrl="https://a.example"', 'hooks.webhookEndpoint.enabled=false']],
  ])('%s', (_what, expected, set) => {
    expect(names(...set).includes('webhook-endpoint')).toBe(expected);
  });

  it('run with a key of their own, where there is one, and nothing else does', () => {
    const { objects } = of('setup');
    const pods = podsOf(objects).filter(({ all }) => JSON.stringify(all).includes('"stripe-setup"'));
    expect(pods.map(({ owner }) => owner).toSorted()).toEqual([
      `Job ${FULLNAME}-purge-webhook-endpoint`,
      `Job ${FULLNAME}-webhook-endpoint`,
    ]);
  });

  it('delete the endpoint before an uninstall only when a purge is asked for', () => {
    expect(names('publicUrl="https://payments.example.com"')).not.toContain('purge-webhook-endpoint');
    expect(hook(of('setup').objects, 'purge-webhook-endpoint').metadata.annotations).toMatchObject({
      'helm.sh/hook': 'pre-delete',
    });
  });
});

describe('simulators', () => {
  const partsOf = (objects: readonly KubernetesObject[]) =>
    objects
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ metadata }) => metadata.name.replace(`${FULLNAME}-`, ''))
      .filter((part) => part.endsWith('-simulator') || part === 'shop');
  const data = (objects: readonly KubernetesObject[], part: string) =>
    find(objects, 'ConfigMap', `${FULLNAME}-${part}`).data as Record<string, string>;

  it.each([
    ['both sides without credentials', 'dev', ['commercetools-simulator', 'shop', 'stripe-simulator']],
    ['the side without credentials alone', 'simulated-stripe', ['shop', 'stripe-simulator']],
    ['none where both have some', 'dev-credentials', []],
    ['none unless asked for', 'minimal', []],
  ])('stand for %s', (_what, name, parts) => {
    expect(partsOf(of(name).objects).toSorted()).toEqual(parts);
  });

  it('are where the services look, with credentials that the release makes', () => {
    const { objects } = of('dev');
    expect(data(objects, 'intent')).toMatchObject({
      CTP_API_URL: `http://${FULLNAME}-commercetools-simulator:8080`,
      CTP_PROJECT_KEY: expect.stringMatching(/^sandbox-[0-9a-f]{8}$/),
      STRIPE_API_BASE: `http://${FULLNAME}-stripe-simulator:8080`,
      ALLOWED_ORIGINS: 'http://payments.localhost',
      MERCHANT_RETURN_URL: 'http://payments.localhost/',
    });
    const { data: secrets } = find(objects, 'Secret', `${FULLNAME}-simulators`) as unknown as {
      data: Record<string, string>;
    };
    expect(Buffer.from(secrets['stripe-secret-key'] ?? '', 'base64').toString()).toMatch(/^sk_test_\w{32}$/);
    expect(Object.keys(secrets)).toHaveLength(4);
  });

  it('leave the real side as it is', () => {
    expect(data(of('simulated-stripe').objects, 'intent')).toMatchObject({
      CTP_API_URL: 'https://api.europe-west1.gcp.commercetools.com',
      STRIPE_API_BASE: `http://${FULLNAME}-stripe-simulator:8080`,
    });
  });

  it('add the shop, and nothing else, to the public routes', () => {
    const paths = (name: string) => {
      const { spec } = find(of(name).objects, 'Ingress', `${FULLNAME}-routes`) as unknown as {
        spec: { rules: { http: { paths: { path: string }[] } }[] };
      };
      return spec.rules[0]?.http.paths.map(({ path }) => path) ?? [];
    };
    expect(paths('dev').filter((path) => !paths('ingress').includes(path))).toEqual(['/']);
  });

  it('are paid at by helm test only where both sides are simulated', () => {
    const pays = (name: string) => JSON.stringify(find(of(name).objects, 'Pod', `${FULLNAME}-test`)).includes('"SHOP"');
    expect(['dev', 'simulated-stripe', 'dev-credentials', 'minimal'].filter(pays)).toEqual(['dev']);
  });
});

describe('the audit', () => {
  it('that found differences, or was called wrongly, is not run again: another try would end alike', () => {
    const { objects } = of('minimal');
    const jobSpec = (name: string) =>
      (
        find(objects, 'CronJob', `${FULLNAME}-${name}`).spec as unknown as {
          jobTemplate: { spec: Record<string, unknown> };
        }
      ).jobTemplate.spec;
    expect(jobSpec('audit').podFailurePolicy).toEqual({
      rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1, 64, 78] } }],
    });
    expect(jobSpec('reconcile').podFailurePolicy).toBeUndefined();
  });
});

describe('tokens for Kafka', () => {
  it('come from the OpenID Connect provider by a Secret, for the scaler too', () => {
    const { objects, text } = of('kafka-oauth');
    const pods = podsOf(objects).filter(({ all }) => JSON.stringify(all).includes('KAFKA_SASL_OAUTH_CLIENT_SECRET'));
    expect(pods.map(({ owner }) => owner.replace(`${FULLNAME}-`, '')).toSorted()).toEqual([
      'CronJob audit',
      'CronJob doctor',
      'CronJob reconcile',
      'CronJob reconcile-pending',
      'CronJob reconcile-undelivered',
      'CronJob redrive',
      'CronJob unordered',
      'Deployment intent',
      'Deployment ledger',
      'Deployment session-auth',
      'Deployment webhook-ingest',
      'Job preflight',
    ]);
    expect(text).not.toContain('KAFKA_SASL_PASSWORD');
    expect(find(objects, 'ScaledObject', `${FULLNAME}-ledger`).spec).toMatchObject({
      triggers: [{ metadata: { sasl: 'oauthbearer', oauthTokenEndpointUri: 'https://id.example.com/token' } }],
    });
  });

  it("come from the pods' AWS identity without any Secret, and may be fetched", () => {
    const { objects, text } = of('kafka-msk-iam');
    expect(text).not.toMatch(/KAFKA_SASL_(PASSWORD|OAUTH)/);
    const policy = find(objects, 'NetworkPolicy', `${FULLNAME}-webhook-ingest`);
    expect(JSON.stringify(policy.spec)).toContain('"port":443');
    expect(find(objects, 'ScaledObject', `${FULLNAME}-ledger`).spec).toMatchObject({
      triggers: [{ metadata: { sasl: 'oauthbearer', saslTokenProvider: 'aws_msk_iam', awsRegion: 'eu-west-1' } }],
    });
  });
});

describe('production', () => {
  it.each(['session-auth', 'intent', 'webhook-ingest', 'ledger', 'enabler'])(
    'lets nobody but the monitoring reach the port metrics of %s',
    (component) => {
      const { objects } = render({ files: ['values-production.yaml', 'ci/production-values.yaml'] });
      const { ingress } = find(objects, 'NetworkPolicy', `${FULLNAME}-${component}`).spec as {
        ingress: { ports: { port: unknown }[]; from?: object[] }[];
      };
      const monitoring = ingress.filter(({ ports }) => ports.some(({ port }) => port === 'metrics'));
      expect(monitoring.map(({ from }) => from)).toEqual([
        [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      ]);
    },
  );
});

describe('payments without an order', () => {
  const GATEWAYS = ['networkPolicy.enabled=true', 'networkPolicy.gatewayFrom=[{"podSelector":{}}]'];
  const policyOf = (component: string, ...set: string[]) =>
    JSON.stringify(find(minimal(...GATEWAYS, ...set), 'NetworkPolicy', `${FULLNAME}-${component}`).spec);
  const config = (...set: string[]) =>
    (find(minimal(...set), 'ConfigMap', `${FULLNAME}-unordered`) as KubernetesObject & { data: object }).data;

  it('are listed every 15 minutes, and left alone; nobody runs twice at once', () => {
    expect(find(minimal(), 'CronJob', `${FULLNAME}-unordered`).spec).toMatchObject({
      schedule: '*/15 * * * *',
      concurrencyPolicy: 'Forbid',
      suspend: false,
    });
    expect(config()).toMatchObject({ ORDERS_SETTLE: 'report', ORDERS_AFTER: '30m', ORDERS_NUMBER: 'stripe-{cartId}' });
    expect(config()).not.toHaveProperty('INTENT_URL');
    expect(policyOf('unordered')).not.toContain('"app.kubernetes.io/component":"intent"');
    expect(policyOf('intent')).not.toContain('"app.kubernetes.io/component":"unordered"');
  });

  it('are ordered as the values say', () => {
    const set = ['orders={"settle":"create","after":"2h","orderNumber":"WEB-{cartId}","limit":5}'];
    const data = { ORDERS_SETTLE: 'create', ORDERS_AFTER: '2h', ORDERS_NUMBER: 'WEB-{cartId}', ORDERS_LIMIT: '5' };
    expect(config(...set)).toMatchObject(data);
    expect(config(...set)).not.toHaveProperty('INTENT_URL');
  });

  it('are returned by intent, which lets the job in', () => {
    const set = 'orders.settle="return"';
    expect(config(set)).toMatchObject({ INTENT_URL: `http://${FULLNAME}-intent:8080` });
    expect(policyOf('unordered', set)).toContain('"app.kubernetes.io/component":"intent"');
    expect(policyOf('intent', set)).toContain('"app.kubernetes.io/component":"unordered"');
  });

  it('tell doctor what is done about them', () => {
    const data = find(minimal('orders.settle="return"'), 'ConfigMap', `${FULLNAME}-doctor`);
    expect(data).toMatchObject({ data: { ORDERS_SETTLE: 'return' } });
  });
});

describe('doctor', () => {
  const cronJob = (...set: string[]) => find(minimal(...set), 'CronJob', `${FULLNAME}-doctor`).spec;

  it('is ready to be run, and does not run by itself unless a schedule is given', () => {
    expect(cronJob()).toMatchObject({ suspend: true });
    expect(cronJob('doctor.schedule="17 4 * * *"')).toMatchObject({ suspend: false, schedule: '17 4 * * *' });
  });

  it('gets what every service gets, the signing secret by file', () => {
    const pod = podsOf(minimal()).find(({ owner }) => owner === `CronJob ${FULLNAME}-doctor`);
    const text = JSON.stringify(pod);
    for (const name of ['CTP_CLIENT_SECRET', 'STRIPE_SECRET_KEY', 'signing-secret']) expect(text).toContain(name);
  });
});

describe('redrive', () => {
  const spec = (...set: string[]) => find(minimal(...set), 'CronJob', `${FULLNAME}-redrive`).spec;

  it('is ready to be run, only lists unless asked to do more, and does not run by itself unless a schedule is given', () => {
    expect(spec()).toMatchObject({ suspend: true });
    expect(JSON.stringify(spec())).toContain('["dist/commands/redrive.js","list"]');
    expect(spec('redrive.schedule="@hourly"')).toMatchObject({ suspend: false, schedule: '@hourly' });
  });

  it('gets Kafka alone, in the image of the ledger', () => {
    const pod = JSON.stringify(podsOf(minimal()).find(({ owner }) => owner === `CronJob ${FULLNAME}-redrive`));
    expect(pod).toMatch(/ledger:/);
    expect(pod).not.toMatch(/CTP_CLIENT_SECRET|STRIPE_SECRET_KEY|signing-secret/);
  });
});

describe('images', () => {
  const imagesOf = (set: string) => [
    ...new Set(podsOf(minimal(set)).flatMap(({ all }) => all.map(({ image }) => image))),
  ];

  it("are those of the chart's version", () => {
    const version = /^appVersion: "(.+)"$/m.exec(read('Chart.yaml'))?.[1];
    for (const image of imagesOf('secretRevision=""')) expect(image.split(':').at(-1)).toBe(version);
  });

  it('are listed for catalogues', () => {
    const told = [...read('Chart.yaml').matchAll(/^ {6}image: (\S+)$/gm)].map(([, image]) => image);
    expect(told.toSorted()).toEqual(imagesOf('secretRevision=""').toSorted());
  });

  it('go by their digest when it is given', () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    for (const image of imagesOf(`defaults.image={"digest":"${digest}","tag":"1.0.0"}`)) {
      expect(image).toMatch(/^ghcr\.io\/[^:]+@sha256:0{64}$/);
    }
  });
});

describe('topics', () => {
  it('are made by the ledger before it starts', () => {
    const [pod] = podsOf(minimal()).filter(({ owner }) => owner === `Deployment ${FULLNAME}-ledger`);
    expect(pod?.spec.initContainers?.map(({ args }) => args)).toEqual([['dist/commands/ensure-topics.js']]);
  });

  it.each([
    ['Strimzi makes them', 'kafka.strimzi={"clusterName":"events","topics":{"enabled":true}}'],
    ['somebody else does', 'kafka.topics.create=false'],
  ])('are not made when %s', (_what, value) => {
    expect(podsOf(minimal(value)).flatMap(({ spec }) => spec.initContainers ?? [])).toEqual([]);
  });

  it('outlive the release with Strimzi', () => {
    const topics = of('strimzi-scram').objects.filter(({ kind }) => kind === 'KafkaTopic');
    expect(topics).toHaveLength(5);
    for (const { metadata } of topics) expect(metadata.annotations?.['helm.sh/resource-policy']).toBe('keep');
  });

  it('have the partitions and replicas that the values say', () => {
    const topic = find(of('strimzi-scram').objects, 'KafkaTopic', 'shop.payments.events');
    expect(topic.spec).toMatchObject({
      topicName: 'shop.payments.events',
      partitions: 24,
      replicas: 3,
      config: { 'min.insync.replicas': '2', 'cleanup.policy': 'delete', 'max.message.bytes': '2097152' },
    });
  });
});

describe('monitoring', () => {
  it('fills every placeholder of the rules and dashboards', () => {
    for (const name of ['monitoring', 'production']) {
      // Compared as a list, so that a failure does not print every dashboard. Prometheus has labels of this form, too.
      const left = of(name).text.match(/__[A-Z][A-Za-z_]*__/g) ?? [];
      expect([...new Set(left)]).toEqual([]);
    }
  });

  it('renders the very rules that promtool tests and that the sandbox runs', () => {
    type Rules = { groups: { name: string; rules: Values[] }[] };
    const base = 'metrics.prometheusRule';
    const urls = { runbookBaseUrl: 'https://runbooks.example.com', dashboardBaseUrl: 'https://grafana.example.com/d' };
    const set = Object.entries(urls).map(([name, url]) => `${base}.${name}=${JSON.stringify(url)}`);
    const rendered = minimal(`${base}.enabled=true`, ...set)
      .filter(({ kind }) => kind === 'PrometheusRule')
      .flatMap(({ spec }) => (spec as Rules).groups);
    const expected = chartRules({ namespace: NAMESPACE, release: FULLNAME, ...urls }).flatMap(
      ([, yaml]) => (parse(yaml) as Rules).groups,
    );
    const byName = (groups: Rules['groups']) => groups.toSorted((a, b) => a.name.localeCompare(b.name));
    expect(byName(rendered)).toEqual(byName(expected));
  });

  it('has the rules look at what the monitors call the services', () => {
    const rules = of('monitoring').objects.filter(({ kind }) => kind === 'PrometheusRule');
    const text = JSON.stringify(rules);
    expect(rules.length).toBeGreaterThan(0);
    expect(text).toContain(`namespace=\\"${NAMESPACE}\\",job=\\"${FULLNAME}-ledger\\"`);
    expect(JSON.stringify(find(of('monitoring').objects, 'PodMonitor', `${FULLNAME}-services`).spec)).toContain(
      `${FULLNAME}-$1`,
    );
  });

  it('has every dashboard as valid JSON with a title of its own', () => {
    const titles = of('monitoring').objects.flatMap(({ kind, metadata, data }) =>
      kind === 'ConfigMap' && metadata.labels?.grafana_dashboard === '1'
        ? Object.values(data as Record<string, string>).map((text) => (JSON.parse(text) as { title: string }).title)
        : [],
    );
    expect(titles.length).toBeGreaterThan(0);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('changes or leaves out single alerts', () => {
    const alerts = of('monitoring').objects.flatMap((object) =>
      object.kind === 'PrometheusRule'
        ? (
            object.spec as { groups: { rules: { alert?: string; expr: string; for?: string; labels: Values }[] }[] }
          ).groups.flatMap(({ rules }) => rules)
        : [],
    );
    const named = (name: string) => alerts.filter(({ alert }) => alert === name);
    expect(named('KeysParked')).toEqual([]);
    expect(named('DeadLettersPresent')).toMatchObject([{ for: '30m', labels: { severity: 'info' } }]);
    expect(named('DeadLettersPresent')[0]?.expr).toMatch(/> 3$/);
    expect(named('LedgerDelayHigh').length).toBeGreaterThan(0);
  });
});

describe('network policies', () => {
  const { objects } = of('network-policy');
  const policies = new Map(
    objects
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .map((policy) => [policy.metadata.name.replace(`${FULLNAME}-`, ''), JSON.stringify(policy.spec)]),
  );

  it('are there for every pod', () => {
    const pods = podsOf(objects).map(({ labels }) => labels['app.kubernetes.io/component']);
    expect([...policies.keys()].toSorted()).toEqual([...new Set(pods)].toSorted());
  });

  it.each([
    ['webhook-ingest', ['9092'], ['443']],
    ['ledger', ['9092', '443'], ['8080']],
    ['intent', ['9092', '443', '8080'], []],
    ['enabler', [], ['9092', '443']],
    ['types', ['443'], ['9092']],
  ])('%s reaches ports %j and not %j', (component, reached, closed) => {
    const { egress } = JSON.parse(policies.get(component) ?? '{}') as { egress: { ports: { port: number }[] }[] };
    const ports = egress.flatMap((rule) => rule.ports.map(({ port }) => String(port)));
    expect(ports).toEqual(expect.arrayContaining([...reached, '53']));
    expect(ports.filter((port) => (closed as string[]).includes(port))).toEqual([]);
  });
});

it("the notes tell the webhook's URL and what is unsafe", () => {
  // Helm shows notes only where there is a cluster, so a copy of the chart renders them into an object.
  const copy = mkdtempSync(join(tmpdir(), 'chart-'));
  try {
    cpSync(fileURLToPath(CHART), copy, { recursive: true, filter: (path) => !path.endsWith('/tests') });
    renameSync(join(copy, 'templates/NOTES.txt'), join(copy, 'files/NOTES.txt'));
    writeFileSync(
      join(copy, 'templates/notes.yaml'),
      'apiVersion: v1\nkind: Notes\nmetadata: { name: notes }\ntext: {{ tpl (.Files.Get "files/NOTES.txt") . | toJson }}\n',
    );
    const notes = (files: string[]): unknown => find(render({ files }, copy).objects, 'Notes', 'notes').text;
    const trial = notes(DEV_WITH_CREDENTIALS);
    expect(trial).toContain('http://payments.localhost/stripe/webhooks');
    expect(trial).not.toContain('simulated');
    for (const warning of ['kafka.bundled', 'networkPolicy is off', 'Credentials come from values']) {
      expect(trial).toContain(warning);
    }
    const simulated = notes(['values-dev.yaml']);
    expect(simulated).toContain('commercetools and stripe are simulated');
    expect(simulated).toContain(`svc/${FULLNAME}-shop 8080:8080`);
    expect(simulated).not.toContain('Credentials come from values');
    const production = notes(['values-production.yaml', 'ci/production-values.yaml']);
    expect(production).toContain('https://payments.example.com/stripe/webhooks');
    expect(production).not.toContain('Warnings');
  } finally {
    rmSync(copy, { recursive: true });
  }
});
