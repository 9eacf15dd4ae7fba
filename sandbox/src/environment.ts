import { randomBytes } from 'node:crypto';
import { BEHAVIOR_RULES, SAVED_METHODS } from './shop/catalogue.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Requests in the user's variables that cannot be fulfilled; one line per problem. */
export class ConfigProblem extends Error {
  override readonly name = 'ConfigProblem';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface Plan {
  /** The gateway's port. */
  readonly port: number;
  /** A side is simulated exactly when its credentials are unset. */
  readonly isCommercetoolsSimulated: boolean;
  readonly isStripeSimulated: boolean;
  /** A cluster to use in place of a broker of the sandbox. */
  readonly brokers: string | undefined;
  /** How many brokers the sandbox runs without such a cluster. */
  readonly ownBrokers: number;
  /** The user's variables without blank ones; the base of every service's environment. */
  readonly given: Readonly<Record<string, string>>;
}

const DEFAULT_PORT = 8080;
/** Each broker takes about 300 MB; a cluster needs an odd number of controllers. */
const BROKER_COUNTS = [1, 3, 5];

/** The credential without which a side's other variables mean nothing. */
const sides = [
  {
    credential: 'CTP_CLIENT_ID',
    needs: ['CTP_CLIENT_SECRET', 'CTP_PROJECT_KEY'],
    pointless: ['CTP_CLIENT_SECRET', 'CTP_API_URL', 'CTP_AUTH_URL', 'CTP_SESSION_URL', 'CTP_SCOPE'],
  },
  {
    credential: 'STRIPE_SECRET_KEY',
    needs: ['STRIPE_PUBLISHABLE_KEY', 'STRIPE_WEBHOOK_SIGNING_SECRET'],
    pointless: ['STRIPE_API_BASE', 'STRIPE_PUBLISHABLE_KEY', 'STRIPE_WEBHOOK_SIGNING_SECRET'],
  },
];

/**
 * Reads what the sandbox has to run. A blank variable counts as unset. Throws ConfigProblem, which names all problems.
 */
export function planSandbox(env: Environment): Plan {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value?.trim()) given[name] = value;

  const problems: string[] = [];
  const port = given.PORT === undefined ? DEFAULT_PORT : Number(given.PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    problems.push(`PORT must be a number from 0 (any free port) to 65535, not "${given.PORT}".`);
  }
  const ownBrokers = Number(given.KAFKA_SANDBOX_BROKERS ?? 1);
  if (!BROKER_COUNTS.includes(ownBrokers)) {
    problems.push(`KAFKA_SANDBOX_BROKERS must be 1, 3 or 5, not "${given.KAFKA_SANDBOX_BROKERS}".`);
  } else if (given.KAFKA_SANDBOX_BROKERS && given.KAFKA_BROKERS) {
    problems.push(
      'KAFKA_SANDBOX_BROKERS and KAFKA_BROKERS are both set: the first starts brokers, the second uses yours.',
    );
  }
  for (const { credential, needs, pointless } of sides) {
    const missing = given[credential] ? needs.filter((name) => !given[name]) : [];
    const alone = given[credential] ? [] : pointless.filter((name) => given[name]);
    if (missing.length > 0) problems.push(`${credential} is set, so ${missing.join(' and ')} must be set too.`);
    if (alone.length > 0) {
      problems.push(
        `${alone.join(' and ')} set without ${credential}: set it too to use that server, or none to simulate it.`,
      );
    }
  }
  const base = given.STRIPE_API_BASE;
  if (base && !isOrigin(base)) {
    problems.push('STRIPE_API_BASE must be an origin without a path, such as http://localhost:12111.');
  }
  if (problems.length > 0) throw new ConfigProblem(problems);

  return {
    port,
    isCommercetoolsSimulated: !given.CTP_CLIENT_ID,
    isStripeSimulated: !given.STRIPE_SECRET_KEY,
    brokers: given.KAFKA_BROKERS,
    ownBrokers,
    given,
  };
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash;
}

/** Credentials of one run, in the forms that the services check. They give no access outside this sandbox. */
export const throwAwaySecrets = () => ({
  projectKey: 'sandbox',
  clientId: random(18),
  clientSecret: random(24),
  stripeSecretKey: `sk_test_${random(24)}`,
  stripePublishableKey: `pk_test_sandbox${random(18)}`,
  webhookSigningSecret: `whsec_${random(24)}`,
});
export type ThrowAwaySecrets = ReturnType<typeof throwAwaySecrets>;

const random = (bytes: number): string => randomBytes(bytes).toString('hex');

export interface Addresses {
  /** Origin that the browser uses. */
  readonly publicUrl: string;
  readonly brokers: string;
  readonly sessionAuth: string;
  /** Origins of the running simulators. */
  readonly commercetools: string | undefined;
  readonly stripe: string | undefined;
}

/** Variables of the starter's own environment that would mean something else to a service. */
const NOT_FOR_SERVICES = [
  'PORT',
  'HTTP_PORT',
  'METRICS_PORT',
  'METRICS_HOST',
  'NODE_ENV',
  'NODE_OPTIONS',
  'KAFKA_SANDBOX_BROKERS',
];

/** The variables that all services share: the user's, and for each simulated side its address and credentials. */
export function serviceEnvironment(plan: Plan, secrets: ThrowAwaySecrets, at: Addresses): Record<string, string> {
  const { given } = plan;
  const { port } = new URL(at.publicUrl);
  const defaults = {
    ALLOWED_ORIGINS: `http://localhost:${port},http://127.0.0.1:${port}`,
    MERCHANT_RETURN_URL: `${at.publicUrl}/`,
    CONNECT_SERVICE_URL: at.publicUrl,
    STRIPE_PAYMENT_BEHAVIOR_RULES: JSON.stringify(BEHAVIOR_RULES),
    STRIPE_SAVED_PAYMENT_METHODS_CONFIG: JSON.stringify(SAVED_METHODS),
    // Each request's line has its trace, so that one payment can be followed through the logs of all parts.
    LOG_LEVEL: 'debug',
  };
  const ours = {
    KAFKA_BROKERS: at.brokers,
    SESSION_AUTH_URL: at.sessionAuth,
    ...(at.commercetools && {
      CTP_PROJECT_KEY: secrets.projectKey,
      CTP_CLIENT_ID: secrets.clientId,
      CTP_CLIENT_SECRET: secrets.clientSecret,
      CTP_AUTH_URL: at.commercetools,
      CTP_API_URL: at.commercetools,
      CTP_SESSION_URL: at.commercetools,
      CTP_CHECKOUT_URL: at.commercetools,
      CTP_JWKS_URL: `${at.commercetools}/.well-known/jwks.json`,
      CTP_JWT_ISSUER: at.commercetools,
    }),
    ...(at.stripe && {
      STRIPE_API_BASE: at.stripe,
      STRIPE_SECRET_KEY: secrets.stripeSecretKey,
      STRIPE_PUBLISHABLE_KEY: secrets.stripePublishableKey,
      STRIPE_WEBHOOK_SIGNING_SECRET: secrets.webhookSigningSecret,
    }),
  };
  const merged: Record<string, string> = { ...defaults, ...given, ...ours };
  for (const name of NOT_FOR_SERVICES) delete merged[name];
  return merged;
}

/** The commercetools simulator's own variables. */
export const commercetoolsSimulatorEnvironment = (secrets: ThrowAwaySecrets, port: number): Record<string, string> => ({
  CT_SIM_PORT: String(port),
  CT_SIM_PROJECT_KEY: secrets.projectKey,
  CT_SIM_CLIENT_ID: secrets.clientId,
  CT_SIM_CLIENT_SECRET: secrets.clientSecret,
});

/** The Stripe simulator's own variables. Its webhooks come through the gateway, as Stripe's would. */
export const stripeSimulatorEnvironment = (
  secrets: ThrowAwaySecrets,
  port: number,
  gatewayPort: number,
): Record<string, string> => ({
  STRIPE_SIM_PORT: String(port),
  STRIPE_SIM_WEBHOOK_URL: `http://127.0.0.1:${gatewayPort}/stripe/webhooks`,
  STRIPE_SIM_WEBHOOK_SECRET: secrets.webhookSigningSecret,
});
