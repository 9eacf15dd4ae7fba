// `npm run e2e:cluster`: the chart in a real cluster, from building the images to having left nothing behind.
import { commandLine, refuseUsage } from '@connector/cli';
import { clusterRun } from './run.ts';

const USAGE = `npm run e2e:cluster -- --load-with 'CMD {tar}' | --registry R [options]
Runs against the cluster that KUBECONFIG names, in a namespace of its own, and removes it at the end.
  --load-with CMD    load each image archive with this command, e.g. 'kind load image-archive {tar}'
  --registry R       push the images there instead, and let the cluster pull them
  --no-build         the images of the last run are still there
  --base REF         base of the images; default: one built of Debian's packages
  --kafka-image REF  broker instead of a locally built one, e.g. docker.io/apache/kafka:4.1.1
  --url URL          where the cluster's ingress answers (default http://127.0.0.1:80)
  --host NAME        public host name of the release (default payments.localhost)
  --ingress-class C  default: the cluster's default
  --namespace N      default stripe-connector-e2e
  --payments N       paid before the rollouts (default 100)
  --meanwhile N      paid at least while upgrade, restart and rollback go on (default 300)
  --set PATH=JSON    further values of the chart, e.g. settings.SHUTDOWN_GRACE_MS=0 to see requests fail; may be repeated
  --keep             leave the namespace as it is at the end
Needs kubectl, Go (helm, and the operators' definitions), buildah; for the broker's image also Java 17 and Maven.`;

const { values } = commandLine(
  {
    'load-with': { type: 'string' },
    registry: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
    base: { type: 'string' },
    'kafka-image': { type: 'string' },
    url: { type: 'string', default: 'http://127.0.0.1:80' },
    host: { type: 'string', default: 'payments.localhost' },
    'ingress-class': { type: 'string' },
    namespace: { type: 'string', default: 'stripe-connector-e2e' },
    payments: { type: 'string', default: '100' },
    meanwhile: { type: 'string', default: '300' },
    set: { type: 'string', multiple: true, default: [] },
    keep: { type: 'boolean', default: false },
  },
  USAGE,
);
if (!values['load-with'] && !values.registry && !values['no-build']) {
  refuseUsage(`The images would not reach the cluster: give --load-with or --registry.`);
}
const began = performance.now();
const { report, failures } = await clusterRun({
  ingress: { url: values.url, host: values.host, className: values['ingress-class'] },
  images: {
    registry: values.registry ?? 'localhost',
    loadWith: values['load-with'],
    base: values.base,
    kafka: values['kafka-image'],
    isBuilt: values['no-build'],
  },
  namespace: values.namespace,
  payments: Number(values.payments),
  meanwhile: Number(values.meanwhile),
  set: values.set,
  keep: values.keep,
  onProgress: (line) => console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`),
});
console.log(report);
console.log(failures.length === 0 ? '\nEverything held.' : `\n${failures.length} failed:\n- ${failures.join('\n- ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
