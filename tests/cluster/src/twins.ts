import type { Cluster } from './cluster.ts';
import { type Findings, lines } from './findings.ts';
import { pay, untilAgreed } from './payments.ts';
import { CHART, FULLNAME, type RunOptions, SCALED, setAll, TAGS, valuesOf, WAIT } from './release.ts';
import { Client } from './requests.ts';
import { seconds, timed } from './shell.ts';

const TWIN = 'twin';

/** Two releases with default names on one broker, shoppers at both at the same time: each payment is in its own project alone. */
export async function twins(
  cluster: Cluster,
  client: Client,
  broker: string,
  options: RunOptions,
  found: Findings,
): Promise<void> {
  const host = `${TWIN}.${options.ingress.host}`;
  const publicUrl = new URL(options.ingress.url);
  publicUrl.hostname = host;
  const values = {
    ...valuesOf(options, broker, TAGS[0]),
    publicUrl: publicUrl.origin,
    'ingress.hosts': [host],
    'kafka.bundled.enabled': false,
    'kafka.brokers': [`${FULLNAME}-kafka:9092`],
    ...Object.fromEntries(SCALED.map((name) => [`services.${name}.autoscaling`, { enabled: false }])),
  };
  const other = new Client(options.ingress.url, host);
  try {
    await cluster.helm(['install', TWIN, CHART, '-f', `${CHART}/values-dev.yaml`, ...setAll(values), ...WAIT]);
    const count = 2 * options.payments;
    const both = [client, other];
    const [paid, ms] = await timed(() => Promise.all(both.map((each) => pay(each, { count, concurrency: 3 }))));
    const told = await Promise.all(both.map((each) => untilAgreed(each, 90_000)));
    const wrong = told.flatMap(({ findings }, at) =>
      findings.map(({ verdict, paymentIntentId, what }) => `${at}: ${verdict} ${paymentIntentId}: ${what}`),
    );
    const failures = paid.flatMap((each) => each.failures);
    found.figure('two releases on one broker, shoppers at both', `${count} payments each in ${seconds(ms)}`);
    found.check(failures.length === 0, 'every payment at either of two releases went through', failures);
    found.check(wrong.length === 0, 'each payment of two releases on one broker is in its own project', wrong);
    const [, twin] = told;
    found.check(
      twin?.truth.commercetools.payments.length === count,
      `the second project has its own ${count} payments and no other`,
      [`${twin?.truth.commercetools.payments.length}`],
    );
  } finally {
    other.close();
    const { code, stdout, stderr } = await cluster.tryHelm(['uninstall', TWIN, ...WAIT]);
    found.check(code === 0, 'the twin is uninstalled', lines(stdout + stderr));
  }
  const left = await cluster.untilGone((name) => !name.includes(`/${TWIN}-`), 60_000);
  found.check(left.length === 0, 'uninstalling the twin leaves nothing behind', left);
}
