// `npm run images`: builds the images of the services, the enabler's server and the trial's simulators, and brings them to a cluster.
import { parseArgs } from 'node:util';
import { buildImages, buildKafkaImage, loadImages } from './images.ts';

const USAGE = `npm run images -- [options]
  --tag T           tag of the images (default dev)
  --registry R      first part of their names, and where they are pushed (default localhost)
  --load-with CMD   load each archive with this command instead of pushing it, e.g. 'kind load image-archive {tar}'
  --base REF        base of the images; default: one built of Debian's packages by k8s/base-image.sh
  --kafka           also a broker for trials, where docker.io/apache/kafka cannot be pulled
  --no-load         build only
Needs buildah, and for the default base apt-get.`;

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: 'dev' },
    registry: { type: 'string', default: 'localhost' },
    'load-with': { type: 'string' },
    base: { type: 'string' },
    kafka: { type: 'boolean', default: false },
    'no-load': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const { tag, registry } = values;
const tell = (line: string) => console.log(line);
if (!values['no-load'] && !values['load-with'] && registry === 'localhost') {
  console.error(`Nothing would reach a cluster: give --registry, --load-with or --no-load.\n\n${USAGE}`);
  process.exit(64);
}
const references = await buildImages({ registry, tags: [tag], base: values.base, onProgress: tell });
if (values.kafka) references.push(await buildKafkaImage(registry, tell));
if (!values['no-load']) await loadImages(references, values['load-with'], tell);
