import { describe, expect, it } from 'vitest';
import { refusedNames } from './object-names.ts';
import { type KubernetesObject, podsOf, type RenderOptions, refusal, render } from './rendered.ts';
import type { Values } from './values.ts';

const MINIMAL = 'ci/minimal-values.yaml';
const made = (set: string[] = [], options: RenderOptions = {}): KubernetesObject[] => [
  ...render({ files: [MINIMAL], set, ...options }).objects,
];
const refused = (...set: string[]) => refusal({ files: [MINIMAL], set });
const deployment = (objects: readonly KubernetesObject[], part: string) => {
  const found = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith(`-${part}`));
  return found?.spec as { strategy: Values; template: { metadata: { annotations: Values }; spec: Values } };
};
const namesOf = (objects: readonly KubernetesObject[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

describe('names that Kubernetes takes', () => {
  it.each<[what: string, options: RenderOptions, set: string[]]>([
    ['a release that is a number', { release: '1234' }, []],
    ['a release that is a number in scientific notation', { release: '1e3' }, []],
    ['a release that YAML takes for nothing', { release: 'null' }, []],
    ['a release with a dot', { release: 'pay.v2' }, []],
    ['a release that is cut at a dot', { release: `${'a'.repeat(29)}.b` }, []],
    ['the longest release', { release: 'a'.repeat(53) }, []],
    ['a namespace that is a number', { namespace: '2024' }, []],
    ['a fullnameOverride of 63 characters', {}, [`fullnameOverride="${'a'.repeat(63)}"`]],
    ['a fullnameOverride that begins with a digit', {}, ['fullnameOverride="1shop"']],
    ['a fullnameOverride with a dot', {}, ['fullnameOverride="pay.v2"']],
    ['a nameOverride that is a truth value', {}, ['nameOverride="true"']],
    ['a nameOverride that is cut at a dot', {}, [`nameOverride="${'a'.repeat(39)}.b"`]],
  ])('are made for %s', (_what, options, set) => {
    expect(refusedNames(made(set, options))).toEqual([]);
  });

  it('are found wrong by this check', () => {
    const objects = made();
    const [service] = objects.filter(({ kind }) => kind === 'Service');
    if (!service) throw new Error('there is no Service');
    Object.assign(service.metadata, { name: '1shop.intent' });
    (service.spec as { selector: Values }).selector = { 'app.kubernetes.io/instance': 1234 };
    expect(refusedNames(objects)).toEqual([
      'Service 1shop.intent is no name',
      'Service 1shop.intent has app.kubernetes.io/instance=1234',
      'Service 1shop.intent selects no pod',
    ]);
  });

  it('are not shared by two releases of one namespace whose names begin alike', () => {
    const [one, other] = ['eu', 'us'].map((region) =>
      namesOf(made([], { release: `checkout-payments-connector-production-${region}` })),
    );
    expect(one?.filter((name) => other?.includes(name))).toEqual([]);
  });

  it('of accounts and classes that are numbers are texts', () => {
    const names = '{"create":false,"name":"007"}';
    const set = [`defaults.serviceAccount=${names}`, 'defaults.priorityClassName="1e3"'];
    for (const { owner, spec } of podsOf(made(set))) {
      const expected = owner.endsWith('-test') ? undefined : '007';
      expect([owner, spec.serviceAccountName, spec.priorityClassName]).toEqual([owner, expected, '1e3']);
    }
  });
});

describe('what a platform team sets', () => {
  it('replaces labels and annotations of the chart but those that selectors and restarts depend on', () => {
    const set = [
      'commonLabels={"app.kubernetes.io/part-of":"platform","app.kubernetes.io/managed-by":"flux"}',
      'commonAnnotations={"checksum/config":"mine"}',
      'defaults.podAnnotations={"kubectl.kubernetes.io/default-container":"proxy","secretRevision":"mine"}',
      'secretRevision="7"',
    ];
    const objects = made(set);
    expect(refusedNames(objects)).toEqual([]);
    for (const { metadata } of objects) {
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/part-of': 'platform',
        'app.kubernetes.io/managed-by': 'flux',
      });
    }
    const { annotations } = deployment(objects, 'intent').template.metadata;
    expect(annotations).toMatchObject({ 'kubectl.kubernetes.io/default-container': 'proxy', secretRevision: '7' });
    expect(annotations['checksum/config']).toMatch(/^[0-9a-f]{64}$/);
  });

  it('places the broker and the simulators of a trial as all other pods', () => {
    const set = [
      'defaults.podSecurityContext={"runAsUser":null,"runAsGroup":null,"fsGroup":null}',
      'defaults.tolerations=[{"key":"trials","operator":"Exists"}]',
      'defaults.nodeSelector={"pool":"trials"}',
      'defaults.priorityClassName="low"',
    ];
    const pods = podsOf(render({ files: ['values-dev.yaml'], set }).objects);
    expect(pods.map(({ owner }) => owner)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^StatefulSet .*-kafka$/), expect.stringMatching(/-shop$/)]),
    );
    for (const { owner, spec } of pods) {
      const { nodeSelector, tolerations, priorityClassName } = spec;
      const placed = { nodeSelector, tolerations, priorityClassName };
      const expected = { nodeSelector: { pool: 'trials' }, tolerations: [{ key: 'trials', operator: 'Exists' }] };
      expect([owner, placed]).toEqual([owner, { ...expected, priorityClassName: 'low' }]);
      expect([owner, spec.securityContext]).toEqual([owner, expect.not.objectContaining({ runAsUser: 1000 })]);
      expect([owner, spec.securityContext]).toEqual([owner, expect.objectContaining({ runAsNonRoot: true })]);
    }
  });

  it('recreates pods without the limits of a rolling update, which Kubernetes refuses beside it', () => {
    const objects = made(['services.ledger.strategy.type="Recreate"']);
    expect(deployment(objects, 'ledger').strategy).toEqual({ type: 'Recreate' });
    expect(deployment(objects, 'intent').strategy).toHaveProperty('rollingUpdate');
  });

  it('makes one account for services that share it, with the annotations of all', () => {
    const set = [
      'defaults.serviceAccount={"name":"shared","annotations":{"a":"1"}}',
      'services.ledger.serviceAccount.annotations={"b":"2"}',
    ];
    const accounts = made(set).filter(({ kind }) => kind === 'ServiceAccount');
    expect(accounts.map(({ metadata }) => [metadata.name, metadata.annotations])).toEqual([
      ['shared', { a: '1', b: '2' }],
    ]);
  });

  it('makes no ExternalSecret of nothing where existing Secrets hold every credential', () => {
    const objects = made(['externalSecrets={"enabled":true,"secretStoreRef":{"name":"vault"}}']);
    expect(objects.filter(({ kind }) => kind === 'ExternalSecret')).toEqual([]);
  });

  it('gives numbers and truth values to variables as texts', () => {
    const set = ['defaults.extraEnv=[{"name":"PORT","value":8443},{"name":"DEBUG","value":false},{"name":"NONE"}]'];
    const env = JSON.stringify(deployment(made(set), 'intent').template.spec.containers);
    expect(env).toContain('{"name":"PORT","value":"8443"},{"name":"DEBUG","value":"false"},{"name":"NONE"}');
  });

  it('takes the first host without a wildcard as the public address, and none where there is none', () => {
    const addressOf = (hosts: string[]) => {
      const gateway = JSON.stringify({ enabled: true, parentRefs: [{ name: 'edge' }], hostnames: hosts });
      return /CONNECT_SERVICE_URL: (.*)/.exec(render({ files: [MINIMAL], set: [`gateway=${gateway}`] }).text)?.[1];
    };
    expect(addressOf(['*.example.com', 'pay.example.com'])).toBe('https://pay.example.com');
    expect(addressOf(['*.example.com'])).toBeUndefined();
  });

  it("lets KEDA use the operator's own TriggerAuthentication", () => {
    const keda = '{"enabled":true,"authenticationRef":{"name":"brokers","kind":"ClusterTriggerAuthentication"}}';
    const objects = made([
      'kafka.tls.enabled=true',
      'kafka.sasl={"mechanism":"plain","existingSecret":"kafka-user"}',
      `services.ledger.autoscaling.keda=${keda}`,
    ]);
    const scaler = objects.find(({ kind }) => kind === 'ScaledObject')?.spec as { triggers: Values[] };
    expect(scaler.triggers[0]?.authenticationRef).toEqual({ name: 'brokers', kind: 'ClusterTriggerAuthentication' });
    expect(objects.filter(({ kind }) => kind === 'TriggerAuthentication')).toEqual([]);
  });
});

describe('network policies', () => {
  const objects = made([
    'networkPolicy.enabled=true',
    'otel.endpoint="http://collector:55681/v1/traces"',
    'commercetools.apiUrl="https://ct.internal:8443/v2"',
    'publicUrl="https://pay.example.com:9443"',
    'services.session-auth.enabled=false',
    'settings.SESSION_AUTH_URL="http://auth.shared:9000"',
    'kafka.tls.enabled=true',
    'kafka.sasl={"mechanism":"aws-msk-iam","awsRegion":"eu-west-1"}',
  ]);
  const policyOf = (part: string): KubernetesObject => {
    const isIts = ({ kind, metadata: { name } }: KubernetesObject) =>
      kind === 'NetworkPolicy' && name.endsWith(`-${part}`);
    const found = objects.find(isIts);
    if (!found) throw new Error(`there is no policy of ${part}`);
    return found;
  };
  const portsOf = (part: string) => {
    const { egress } = policyOf(part).spec as { egress: { ports: { port: number }[] }[] };
    return egress.flatMap((rule) => rule.ports.map(({ port }) => port));
  };

  it.each([
    ['a collector on another port', 55681, 'webhook-ingest'],
    ['commercetools behind a gateway', 8443, 'ledger'],
    ['the public address on another port', 9443, 'doctor'],
    ['session-auth of another release', 9000, 'intent'],
    ['the AWS identity of EKS Pod Identity', 80, 'webhook-ingest'],
  ])('let pods out to %s', (_what, port, part) => {
    expect(portsOf(part)).toContain(port);
    expect(portsOf('enabler')).not.toContain(port);
  });

  it('have that of the check before a release made before it, where a namespace denies everything', () => {
    expect(policyOf('preflight').metadata.annotations).toMatchObject({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-weight': '-5',
    });
    expect(policyOf('ledger').metadata.annotations).toBeUndefined();
  });
});

describe('refuses, with a sentence', () => {
  it.each([
    'orders',
    'services.intent',
    'cronJobs.audit',
    'kafka.sasl.oauth',
    'defaults.image.registry',
    'orders.limit',
  ])('%s without a value, by which Helm deletes the defaults', (path) => {
    expect(refused(`${path}=null`)).toContain(`The values cannot be used: nothing is left of ${path}.`);
    expect(refused(`${path}=null`)).toContain('use --reset-then-reuse-values');
  });

  it('but not what is nothing by default, or a shape of Kubernetes, without a value', () => {
    const paths = ['publicUrl', 'commonAnnotations', 'gateway.enabled', 'jobs.podLabels', 'doctor.args'];
    paths.push('defaults.resources', 'defaults.podSecurityContext', 'defaults.livenessProbe', 'proxy.exceptions');
    expect(refused(...paths.map((path) => `${path}=null`))).toBeUndefined();
  });

  it.each<[what: string, message: string, set: string[]]>([
    [
      'a label that selectors need',
      'commonLabels.app.kubernetes.io/name',
      ['commonLabels={"app.kubernetes.io/name":"x"}'],
    ],
    ['a label that is none', "'Payments & Checkout' does not match", ['commonLabels={"team":"Payments & Checkout"}']],
    ['a probe of another path', "additional properties 'httpGet'", ['defaults.livenessProbe={"httpGet":{"path":"/"}}']],
    ['a minute that there is not', 'cronJobs.audit.schedule="61 * * * *"', ['cronJobs.audit.schedule="61 * * * *"']],
    ['a Sunday that Kubernetes does not know', 'weekday (0-6', ['redrive.schedule="0 5 * * 7"']],
    ['an interval', 'cronJobs.audit.schedule="@every 5m"', ['cronJobs.audit.schedule="@every 5m"']],
    [
      'routes to nobody',
      'need a service with public routes',
      [
        'ingress.enabled=true',
        'services={"intent":{"enabled":false},"webhook-ingest":{"enabled":false},"enabler":{"enabled":false}}',
      ],
    ],
    [
      'topics that nobody could write',
      'could never be written',
      ['kafka.topics={"replication":1,"config":{"min.insync.replicas":"2"}}'],
    ],
    [
      'topics of Strimzi that nobody could write',
      'could never be written',
      ['kafka.strimzi={"clusterName":"e","topics":{"enabled":true,"replicas":1}}'],
    ],
    [
      'a prefix that Strimzi cannot name',
      'kafka.topicPrefix="_shop."',
      ['kafka.topicPrefix="_shop."', 'kafka.strimzi={"clusterName":"e","topics":{"enabled":true}}'],
    ],
    [
      'KEDA without credentials',
      'keda.authenticationRef must name',
      [
        'kafka={"tls":{"enabled":true},"sasl":{"mechanism":"plain"}}',
        'commercetools.existingSecret=""',
        'stripe.existingSecret=""',
        'credentialFiles={"enabled":true,"volume":{"csi":{"driver":"secrets-store.csi.k8s.io"}}}',
        'services.ledger.autoscaling.keda.enabled=true',
      ],
    ],
    [
      'a proxy whose port is a secret',
      'networkPolicy.extraEgress must let the pods out',
      ['networkPolicy.enabled=true', 'proxy.existingSecret="proxy"'],
    ],
    [
      'a registry with a scheme',
      '/defaults/image/registry',
      ['defaults.image.registry="https://registry.example.com"'],
    ],
    ['a host in capitals', '/ingress/hosts/0', ['ingress={"enabled":true,"hosts":["Pay.example.com"]}']],
    ['an address with a query', '/publicUrl', ['publicUrl="https://pay.example.com?x=1"']],
    ['a range without its size', '/networkPolicy/httpsExcept/0', ['networkPolicy.httpsExcept=["10.0.0.0"]']],
    ['a budget of more than all', '/defaults/pdb/maxUnavailable', ['defaults.pdb.maxUnavailable="150%"']],
  ])('%s', (_what, message, set) => {
    expect(refused(...set)).toContain(message);
  });

  it('but no schedule that Kubernetes takes', () => {
    const schedules = { reconcile: '@midnight', audit: '*/15 8-18 * JAN,JUL MON-FRI', unordered: '0,30 0 1-15/2 * ?' };
    const set = Object.entries(schedules).map(([job, schedule]) => `cronJobs.${job}.schedule="${schedule}"`);
    expect(refused(...set, 'doctor.schedule="05  4 * * 0"', 'redrive.schedule="@yearly"')).toBeUndefined();
  });
});
