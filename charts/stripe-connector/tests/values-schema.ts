import { defaultValues, documentedValues, isMap, type Values } from './values.ts';

type Schema = Record<string, unknown>;

const open: Schema = { type: 'object' };
/** Numbers and truth values are written as texts: YAML reads `1.2` and `true` as such. */
const texts: Schema = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } };
/** Label values: Kubernetes takes nothing else, and says so only when half of the release is there. */
const labels: Schema = {
  type: 'object',
  additionalProperties: {
    type: ['string', 'number', 'boolean'],
    pattern: '^(([A-Za-z0-9][A-Za-z0-9_.-]*)?[A-Za-z0-9])?$',
    maxLength: 63,
  },
};
const list = (items: Schema): Schema => ({ type: 'array', items });
const choice = (...values: string[]): Schema => ({ type: 'string', enum: values });
const orEmpty = (pattern: string): Schema => ({ type: 'string', pattern: `^$|${pattern}` });
const atLeast = (minimum: number, maximum?: number): Schema => ({
  type: 'integer',
  minimum,
  ...(maximum !== undefined && { maximum }),
});
const NAME = '^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$';
const DURATION = '^([0-9]+(ms|s|m|h|d|w))+$';
const url = orEmpty('^https?://[^\\s/]+');
/** Host, port and folders, without a scheme and a slash at the end. */
const registry = orEmpty('^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*$');
/** Text alone: as a number 1.10 would be 1.1. */
const tag: Schema = orEmpty('^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$');
const digest = orEmpty('^sha256:[0-9a-f]{64}$');
const pullPolicy = choice('Always', 'IfNotPresent', 'Never');
/** A host alone is told apart by the template, with a sentence. */
const host: Schema = { type: 'string', pattern: '^[^A-Z_\\s]+$' };
const quantity: Schema = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(m|k|[KMGTPE]i?)?$' };
const origin = '^https?://[^\\s/*]+$';
const remoteRef: Schema = {
  type: 'object',
  required: ['key'],
  additionalProperties: false,
  properties: {
    key: { type: 'string', minLength: 1 },
    property: { type: 'string' },
    version: { type: 'string' },
    conversionStrategy: { type: 'string' },
    decodingStrategy: { type: 'string' },
    metadataPolicy: { type: 'string' },
  },
};
const jsonObject: Schema = { type: ['object', 'string', 'null'] };
const text: Schema = { type: ['string', 'number', 'boolean', 'null'] };
const flag: Schema = { type: ['boolean', 'null'] };
/** When a probe asks, and how long it waits; where it asks is the chart's. */
const probe: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    [
      'initialDelaySeconds',
      'periodSeconds',
      'timeoutSeconds',
      'successThreshold',
      'failureThreshold',
      'terminationGracePeriodSeconds',
    ].map((name) => [name, atLeast(0)]),
  ),
};
/** A number, also as text (`--set-string`), of which the service checks the range. */
const between = (minimum: number, maximum: number): Schema => ({
  type: ['integer', 'string', 'null'],
  minimum,
  maximum,
  pattern: '^[0-9]+$',
});
const oneOf = (...values: string[]): Schema => ({ enum: [...values, null] });

/** Settings by their variable; the ranges are those that the services check again at their start. */
const SETTINGS: Record<string, Schema> = {
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  SHUTDOWN_GRACE_MS: between(0, 600_000),
  HTTP_HEALTH_PATH: { type: ['string', 'null'], pattern: '^/[\\w./-]*$' },
  HTTP_KEEP_ALIVE_MS: between(1_000, 3_600_000),
  SESSION_CACHE_TTL_MS: between(0, 300_000),
  SESSION_CACHE_MAX: between(1, 1_000_000),
  TOKEN_CACHE_TTL_MS: between(0, 60_000),
  REFUSED_CACHE_TTL_MS: between(0, 60_000),
  REFUSED_CACHE_MAX: between(1, 1_000_000),
  UPSTREAM_CONCURRENCY: between(1, 1_000),
  UPSTREAM_TIMEOUT_MS: between(100, 60_000),
  JWT_CLOCK_TOLERANCE_S: between(0, 300),
  JWT_AUDIENCE: text,
  JWKS_COOLDOWN_MS: between(0, 600_000),
  AUDIT_DENIALS_PER_SECOND: between(1, 10_000),
  EXT_AUTH_PATH_PREFIX: { type: ['string', 'null'], pattern: '^(/[\\w.~-]+)*$' },
  STRIPE_API_VERSION: { type: ['string', 'null'], pattern: '^\\d{4}-\\d{2}-\\d{2}(\\.[a-z]+)?$' },
  STRIPE_CAPTURE_METHOD: oneOf('automatic', 'automatic_async', 'manual'),
  STRIPE_PAYMENT_FLOW: oneOf('deferred', 'pi_first'),
  STRIPE_PAYMENT_INTENT_SETUP_FUTURE_USAGE: oneOf('off_session', 'on_session', '', 'none', 'null', 'undefined'),
  STRIPE_COLLECT_BILLING_ADDRESS: oneOf('auto', 'never', 'if_required'),
  STRIPE_ENABLE_MULTI_OPERATIONS: flag,
  STRIPE_ENABLE_LINE_ITEMS: flag,
  STRIPE_ENABLE_OVERCAPTURE: flag,
  STRIPE_ENABLE_EXTENDED_AUTHORIZATION: flag,
  STRIPE_ENABLE_INCREMENTAL_AUTHORIZATION: flag,
  STRIPE_SAVED_PAYMENT_METHODS_CONFIG: jsonObject,
  STRIPE_LAYOUT: jsonObject,
  STRIPE_APPEARANCE_PAYMENT_ELEMENT: jsonObject,
  STRIPE_APPEARANCE_EXPRESS_CHECKOUT: jsonObject,
  STRIPE_BEHAVIOR_PAYMENT_ELEMENT: jsonObject,
  STRIPE_EXPRESS_ELEMENT_OPTIONS: jsonObject,
  STRIPE_PAYMENT_BEHAVIOR_RULES: jsonObject,
  STRIPE_APPLE_PAY_WELL_KNOWN: text,
  MERCHANT_RETURN_URL: { type: ['string', 'null'], pattern: '^[a-z][a-z0-9+.-]*://' },
  ALLOWED_ORIGINS: list({ type: 'string', pattern: origin }),
  PAYMENT_INTERFACE: { type: ['string', 'null'], minLength: 1 },
  HEALTH_CHECK_TIMEOUT: between(1, 600_000),
  MOCK_ENVIRONMENT: text,
  CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY: { type: ['string', 'null'], pattern: '^[A-Za-z0-9_-]{2,256}$' },
  CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY: { type: ['string', 'null'], pattern: '^[A-Za-z0-9_-]{2,256}$' },
  CT_CUSTOM_TYPE_SUBSCRIPTION_LINE_ITEM_KEY: { type: ['string', 'null'], pattern: '^[A-Za-z0-9_-]{2,256}$' },
  CT_PRODUCT_TYPE_SUBSCRIPTION_KEY: { type: ['string', 'null'], pattern: '^[A-Za-z0-9_-]{2,256}$' },
  STORED_PAYMENT_METHODS_ENABLED: flag,
  STORED_PAYMENT_METHODS_PAYMENT_INTERFACE: { type: ['string', 'null'], minLength: 1 },
  STORED_PAYMENT_METHODS_INTERFACE_ACCOUNT: text,
  STORED_PAYMENT_METHODS_NAMES: flag,
  SESSION_AUTH_URL: { type: ['string', 'null'], pattern: '^https?://' },
  CONFIRM_WAIT_MS: between(0, 60_000),
  CONFIRM_CHECKS_CART: flag,
  STRIPE_ORDER_NUMBER_IN_DESCRIPTION: flag,
  TRUSTED_PROXY_HOPS: between(0, 10),
  RATE_LIMIT_OPENS_PER_SESSION: between(0, 1_000_000),
  RATE_LIMIT_DENIALS_PER_ADDRESS: between(0, 1_000_000),
  RATE_LIMIT_REQUESTS_PER_ADDRESS: between(0, 10_000_000),
  STRIPE_WEBHOOK_ALLOWED_IPS: list({ type: 'string', pattern: '^[0-9a-fA-F.:]+(/[0-9]{1,3})?$' }),
  WEBHOOK_DEADLINE_MS: between(1_000, 18_000),
  WEBHOOK_MAX_IN_FLIGHT: between(1, 10_000),
  WEBHOOK_DUPLICATE_WINDOW_S: between(0, 3_600),
  LEDGER_CONCURRENCY: between(1, 512),
  LEDGER_KNOWN_PAYMENTS: between(0, 1_000_000),
  LEDGER_CALL_TIMEOUT_MS: between(100, 60_000),
  LEDGER_PARK_LIMIT_MS: between(1_000, 86_400_000),
  LEDGER_STATUS_INTERVAL_MS: between(100, 3_600_000),
};

/** What a default alone does not tell about a value, by path; `*` stands for any key. */
const RULES: Record<string, Schema> = {
  nameOverride: orEmpty(NAME),
  fullnameOverride: orEmpty(NAME),
  secretRevision: { type: ['string', 'number'] },
  commonLabels: labels,
  commonAnnotations: texts,
  imagePullSecrets: list({ type: 'object', required: ['name'], properties: { name: { type: 'string' } } }),
  publicUrl: orEmpty('^https?://[^\\s/?#*]+(/[^\\s?#]*)?$'),
  'credentialFiles.volume': open,
  'jobs.quitSidecarUrl': url,
  'metrics.serviceMonitor.scheme': { enum: ['', 'http', 'https'] },
  'metrics.podMonitor.scheme': { enum: ['', 'http', 'https'] },
  'commercetools.projectKey': orEmpty('^[A-Za-z0-9_-]{2,36}$'),
  'commercetools.region': orEmpty('^[a-z0-9-]+\\.[a-z]+$'),
  'commercetools.authUrl': url,
  'commercetools.apiUrl': url,
  'commercetools.sessionUrl': url,
  'commercetools.checkoutUrl': url,
  'commercetools.jwksUrl': url,
  'commercetools.jwtIssuer': orEmpty('^\\S*[^/\\s]$'),
  'commercetools.scopes': list({ type: 'string', pattern: '^[a-z_]+(:[A-Za-z0-9_-]+)*$' }),
  'stripe.publishableKey': orEmpty('^pk_(test|live)_\\w+$'),
  'stripe.accountId': orEmpty('^acct_\\w+$'),
  'stripe.webhookEndpointId': orEmpty('^we_\\w+$'),
  'stripe.apiBase': orEmpty('^https?://[^\\s/]+$'),
  'stripe.secretKey': orEmpty('^(sk|rk)_(test|live)_\\w+$'),
  'stripe.webhookSigningSecret': orEmpty('^whsec_\\S+$'),
  'kafka.brokers': list({ type: 'string', pattern: '^([^\\s:,\\[\\]]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]+$' }),
  'kafka.topicPrefix': { type: ['string', 'null'], pattern: '^[A-Za-z0-9._-]*$' },
  'kafka.instance': orEmpty('^[A-Za-z0-9._-]+$'),
  'kafka.sasl.mechanism': choice('', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws-msk-iam'),
  'kafka.sasl.oauth.tokenUrl': url,
  'kafka.sasl.awsRegion': orEmpty('^[a-z]{2}(-[a-z]+)+-[0-9]$'),
  'kafka.topics.replication': atLeast(-1, 100),
  'kafka.topics.partitions': { type: 'object', additionalProperties: atLeast(1) },
  'kafka.topics.config': texts,
  'kafka.strimzi.topics.replicas': atLeast(1),
  'kafka.strimzi.topics.minInsyncReplicas': atLeast(1),
  'kafka.strimzi.users.authentication': choice('scram-sha-512', 'tls'),
  'kafka.bundled.image.registry': registry,
  'kafka.bundled.image.tag': tag,
  'kafka.bundled.image.digest': digest,
  'kafka.bundled.image.pullPolicy': pullPolicy,
  'kafka.bundled.resources': open,
  'kafka.bundled.persistence.size': quantity,
  'simulators.image.registry': registry,
  'simulators.image.tag': tag,
  'simulators.image.digest': digest,
  'simulators.image.pullPolicy': choice('', 'Always', 'IfNotPresent', 'Never'),
  'simulators.resources': open,
  'proxy.https': orEmpty('^https?://[^\\s/]+$'),
  'proxy.http': orEmpty('^https?://[^\\s/]+$'),
  'proxy.exceptions': list({ type: 'string', pattern: '^[^\\s,/]+$' }),
  'externalSecrets.secretStoreRef.kind': choice('SecretStore', 'ClusterSecretStore'),
  'externalSecrets.refreshInterval': { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$|^0$' },
  'externalSecrets.remoteRefs': {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      [
        'commercetools-client-id',
        'commercetools-client-secret',
        'stripe-secret-key',
        'stripe-webhook-signing-secret',
        'kafka-username',
        'kafka-password',
        'kafka-client-id',
        'kafka-client-secret',
      ].map((name) => [name, remoteRef]),
    ),
  },
  ...Object.fromEntries(Object.entries(SETTINGS).map(([name, schema]) => [`settings.${name}`, schema])),
  'otel.endpoint': url,
  'otel.protocol': choice('http/protobuf'),
  'otel.samplerRatio': { type: 'number', minimum: 0, maximum: 1 },
  'otel.environment': orEmpty('^[^,=\\s]+$'),
  'defaults.replicaCount': atLeast(0),
  'defaults.image.registry': registry,
  'defaults.image.tag': tag,
  'defaults.image.digest': digest,
  'defaults.image.pullPolicy': pullPolicy,
  'defaults.resources': open,
  'defaults.podAnnotations': texts,
  'defaults.podLabels': labels,
  'defaults.nodeSelector': labels,
  'defaults.tolerations': list(open),
  'defaults.hostAliases': list({ type: 'object', required: ['ip', 'hostnames'] }),
  'defaults.dnsConfig': open,
  'defaults.dnsPolicy': choice('', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
  'defaults.minReadySeconds': atLeast(0),
  'defaults.lifecycle': open,
  'defaults.service.ipFamilyPolicy': choice('', 'SingleStack', 'PreferDualStack', 'RequireDualStack'),
  'defaults.service.ipFamilies': list(choice('IPv4', 'IPv6')),
  'defaults.autoscaling.metrics': list({ type: 'object', required: ['type'] }),
  'defaults.topologySpreadConstraints': list(open),
  'defaults.podSecurityContext': open,
  'defaults.securityContext': open,
  'defaults.tmpSizeLimit': quantity,
  'defaults.extraEnv': list({ type: 'object', required: ['name'] }),
  'defaults.extraEnvFrom': list(open),
  'defaults.extraVolumes': list({ type: 'object', required: ['name'] }),
  'defaults.extraVolumeMounts': list({ type: 'object', required: ['name', 'mountPath'] }),
  'defaults.initContainers': list({ type: 'object', required: ['name'] }),
  'defaults.sidecars': list({ type: 'object', required: ['name'] }),
  'defaults.terminationGracePeriodSeconds': atLeast(1),
  'defaults.revisionHistoryLimit': atLeast(0),
  'defaults.strategy': open,
  'defaults.startupProbe': probe,
  'defaults.livenessProbe': probe,
  'defaults.readinessProbe': probe,
  'defaults.pdb.maxUnavailable': { type: ['integer', 'string'], minimum: 0, pattern: '^([1-9]?[0-9]|100)%$' },
  'defaults.service.annotations': texts,
  'defaults.service.labels': labels,
  'defaults.serviceAccount.annotations': texts,
  'defaults.autoscaling.minReplicas': atLeast(1),
  'defaults.autoscaling.maxReplicas': atLeast(1),
  'defaults.autoscaling.targetCPUUtilizationPercentage': atLeast(1, 1_000),
  'defaults.autoscaling.behavior': open,
  'defaults.autoscaling.keda.lagThreshold': atLeast(1),
  'defaults.autoscaling.keda.activationLagThreshold': atLeast(0),
  'defaults.autoscaling.keda.offsetResetPolicy': choice('earliest', 'latest'),
  'defaults.autoscaling.keda.pollingInterval': atLeast(1),
  'defaults.autoscaling.keda.cooldownPeriod': atLeast(0),
  'cronJobs.*.args': list({ type: 'string' }),
  'cronJobs.*.startingDeadlineSeconds': atLeast(10),
  'cronJobs.*.activeDeadlineSeconds': atLeast(1),
  'cronJobs.*.backoffLimit': atLeast(0),
  'cronJobs.*.resources': open,
  'orders.settle': choice('report', 'create', 'return'),
  'orders.after': { type: 'string', pattern: '^[0-9]{1,9}[smhd]?$' },
  'orders.orderNumber': { type: 'string', pattern: '^[A-Za-z0-9_-]*[{]cartId[}][A-Za-z0-9_-]*$' },
  'orders.limit': between(0, 1_000_000),
  'hooks.webhookEndpoint.args': list({ type: 'string' }),
  'doctor.args': list({ type: 'string' }),
  'redrive.args': list({ type: 'string' }),
  'doctor.activeDeadlineSeconds': atLeast(1),
  'redrive.activeDeadlineSeconds': atLeast(1),
  'doctor.resources': open,
  'redrive.resources': open,
  'purge.args': list({ type: 'string' }),
  'purge.backoffLimit': atLeast(0),
  'purge.activeDeadlineSeconds': atLeast(1),
  'purge.resources': open,
  'jobs.podAnnotations': texts,
  'jobs.podLabels': labels,
  'preflight.args': list({ type: 'string' }),
  'preflight.activeDeadlineSeconds': atLeast(10),
  'preflight.resources': open,
  'hooks.*.backoffLimit': atLeast(0),
  'hooks.*.activeDeadlineSeconds': atLeast(1),
  'hooks.*.resources': open,
  'gateway.parentRefs': list({ type: 'object', required: ['name'] }),
  'gateway.hostnames': list(host),
  'gateway.annotations': texts,
  'gateway.labels': labels,
  'gateway.filters': list({ type: 'object', required: ['type'] }),
  'gateway.timeouts': texts,
  'ingress.annotations': texts,
  'ingress.labels': labels,
  'ingress.hosts': list(host),
  'ingress.tls': list(open),
  'networkPolicy.*': list(open),
  'networkPolicy.enabled': { type: 'boolean' },
  'networkPolicy.httpsExcept': list({ type: 'string', pattern: '^[0-9A-Fa-f.:]+/[0-9]{1,3}$' }),
  'metrics.*.labels': labels,
  'metrics.*.interval': { type: 'string', pattern: DURATION },
  'metrics.*.scrapeTimeout': { type: 'string', pattern: DURATION },
  'metrics.*.relabelings': list(open),
  'metrics.*.metricRelabelings': list(open),
  'metrics.prometheusRule.additionalLabels': labels,
  'metrics.prometheusRule.runbookBaseUrl': url,
  'metrics.prometheusRule.dashboardBaseUrl': url,
  'metrics.prometheusRule.alerts': {
    type: 'object',
    additionalProperties: {
      type: 'object',
      additionalProperties: false,
      properties: {
        enabled: { type: 'boolean' },
        severity: choice('critical', 'warning', 'info'),
        for: { type: 'string', pattern: DURATION },
        threshold: { type: 'number' },
      },
    },
  },
  'metrics.dashboards.annotations': texts,
  extraObjects: { type: 'array', items: { type: ['object', 'string'] } },
};

const ruleOf = (path: readonly string[]): Schema | undefined =>
  RULES[path.join('.')] ?? RULES[path.map((key, depth) => (depth === 1 ? '*' : key)).join('.')];

const isNothing = (value: unknown): boolean =>
  value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0);

/**
 * Paths of the values that may not be missing: templates look into them, and what is nothing by default may be nothing. What has a shape of its own
 * in Kubernetes may be taken away, and a setting that is null has the service's default.
 */
export function required(value: Values = defaultValues(), path: readonly string[] = []): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key];
    const rule = ruleOf(path[0] === 'services' && path.length === 2 ? ['defaults', key] : here);
    if (isMap(inner) ? rule !== undefined || Object.keys(inner).length === 0 : isNothing(inner)) return [];
    return [here.join('.'), ...(isMap(inner) && key !== 'settings' ? required(inner, here) : [])];
  });
}

/** The JSON schema of the chart's values: their shape and types from values.yaml, the rest from the rules above. */
export function valuesSchema(): Schema {
  const texts = new Map(documentedValues().map(({ path, text }) => [path.join(' '), text]));
  const describe = (value: unknown, path: readonly string[]): Schema => {
    const description = texts.get(path.join(' '));
    const shape = ruleOf(path) ?? inferred(value, path);
    return { ...(description && { description }), ...shape };
  };
  const closed = (value: Values, path: readonly string[]): Schema => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, describe(inner, [...path, key])])),
  });
  const inferred = (value: unknown, path: readonly string[]): Schema => {
    if (isMap(value)) return Object.keys(value).length > 0 ? closed(value, path) : { type: 'object' };
    if (Array.isArray(value)) return { type: 'array' };
    if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number' };
    if (typeof value === 'boolean' || typeof value === 'string') return { type: typeof value };
    throw new Error(`values.yaml: ${path.join('.')} is null, so its type must be in the rules`);
  };
  const { defaults, services, ...rest } = defaultValues();
  const { properties } = closed(rest, []) as { properties: Record<string, Schema> };
  const service = { $ref: '#/$defs/service' };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Values of the chart stripe-connector',
    type: 'object',
    additionalProperties: false,
    properties: {
      ...properties,
      global: { description: 'Not used by this chart; a parent chart may set it', type: 'object' },
      defaults: service,
      services: {
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(Object.keys(services as Values).map((name) => [name, service])),
      },
    },
    $defs: { service: closed(defaults as Values, ['defaults']) },
  };
}
