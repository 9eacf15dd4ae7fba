import { HELP_OPTION, optionsOrExit, parseOptions, UsageError } from '@connector/cli';
import { createCommercetools } from '@connector/commercetools';
import { createKafka } from '@connector/kafka';
import { createStripe } from '@connector/stripe';
import { createLogger, describeError } from '@connector/telemetry';
import { beforeRelease, configurationFinding, noteworthy } from '../doctor/before.ts';
import { type Area, checkupTable, countOf, runCheckup, withCause } from '../doctor/checkup.ts';
import { commercetoolsChecks } from '../doctor/commercetools.ts';
import { type Read, readSides } from '../doctor/config.ts';
import { edgeBefore, edgeChecks } from '../doctor/edge.ts';
import { kafkaChecks } from '../doctor/kafka.ts';
import { stripeChecks } from '../doctor/stripe.ts';

const HELP = `doctor: checks everything that the connector needs, and says how to fix what is wrong

Credentials, scopes and permissions, addresses, custom types, the webhook endpoint with its events, API version and secret, clocks,
brokers and topics, the public address. All checks run at once, each for at most 20 s. Nothing is changed: permissions to write
are tried with requests about objects that do not exist. No secret is printed.

In the cluster: kubectl create job doctor --from=cronjob/<release>-doctor && kubectl logs -f job/doctor

Usage: doctor [options]

  --only <areas>  some of commercetools, stripe, kafka, edge, comma-separated
  --before        what can be known before a release: what the release makes itself is no failure, and only what needs attention is shown.
                  The chart runs it before each install and upgrade
  --topics-exist  with --before: the release makes no topics, so each has to be there
  --any-api-version with --before: a webhook endpoint of another API version is no failure
  --unresolved-ok with --before: the public name may appear in DNS with the release, as by external-dns
  --json          one JSON object instead of the table
  -h, --help      this text

Results: ok; WARN works, and should be looked at; FAIL does not work; ? cannot be known from here.
Configuration: the variables of the services; a wrong or missing one is a failure of its own.
Exit code: 0 when nothing failed, 1 when something did, 64 for wrong options.
`;
const LIMIT_MS = 20_000;
/** The time limit with --before, in ms, so that a release fails within 30 s. */
const BEFORE_LIMIT_MS = 15_000;
const NAMES = ['commercetools', 'stripe', 'kafka', 'edge'] as const;

const { only, json, before, topicsExist, unresolvedOk, anyApiVersion } = optionsOrExit(readOptions, HELP);
const log = createLogger('doctor', 'silent', process.stderr);
const sides = readSides(process.env);
const closing: (() => Promise<void>)[] = [];

/** The checks of an area, or a finding about its variables. */
function area<T>(name: string, read: Read<T>, checks: (config: T) => Area['checks']): Area {
  if ('config' in read) return { name, checks: checks(read.config) };
  return {
    name,
    checks: read.problems.map((problem) => ({
      name: 'configuration',
      run: async () => configurationFinding(problem, process.env),
    })),
  };
}

const areas: Record<(typeof NAMES)[number], () => Area> = {
  commercetools: () =>
    area('commercetools', sides.commercetools, (config) => {
      const client = createCommercetools(config, { log });
      closing.push(client.close);
      return commercetoolsChecks(config, client);
    }),
  stripe: () =>
    area('Stripe', sides.stripe, (config) => {
      const client = createStripe(config, { log, retries: 1 });
      closing.push(client.close);
      return stripeChecks(config, client);
    }),
  kafka: () =>
    area('Kafka', sides.kafka, (config) => kafkaChecks(config, createKafka(config, { clientId: 'doctor', log }))),
  edge: () =>
    area('From outside', sides.edge, (config) => (before ? edgeBefore(config, { unresolvedOk }) : edgeChecks(config))),
};
const limitMs = before ? BEFORE_LIMIT_MS : LIMIT_MS;
const explain = (error: unknown) => withCause(describeError(error).message, error);
const found = await runCheckup(
  only.map((name) => areas[name]()),
  { limitMs, explain },
);
const ofRelease = before
  ? found.map(({ area, findings }) => ({
      area,
      findings: findings.map((finding) => beforeRelease(finding, { topics: !topicsExist, anyApiVersion })),
    }))
  : found;
const findings = before && !json ? noteworthy(ofRelease) : ofRelease;
const failed = countOf(findings, 'fail');
process.stdout.write(
  `${json ? JSON.stringify({ failed, warnings: countOf(findings, 'warn'), areas: findings }) : checkupTable(findings)}\n`,
);
for (const close of closing) await close();
// A check without an answer in time must not keep the process alive.
process.exit(failed > 0 ? 1 : 0);

function readOptions(argv: readonly string[]) {
  const values = parseOptions(argv, {
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    before: { type: 'boolean', default: false },
    'topics-exist': { type: 'boolean', default: false },
    'unresolved-ok': { type: 'boolean', default: false },
    'any-api-version': { type: 'boolean', default: false },
    ...HELP_OPTION,
  });
  if (values.help) return 'help';
  const wanted = values.only?.split(',') ?? NAMES;
  const unknown = wanted.filter((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown.length === 0)
    return {
      only: wanted as (typeof NAMES)[number][],
      json: values.json,
      before: values.before,
      topicsExist: values['topics-exist'],
      unresolvedOk: values['unresolved-ok'],
      anyApiVersion: values['any-api-version'],
    };
  throw new UsageError(`--only: not known: ${unknown.join(', ')}. Known are ${NAMES.join(', ')}.`);
}
