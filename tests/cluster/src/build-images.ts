// `npm run images`: builds the images of the services, the enabler's server and the trial's simulators, and brings them
// to a cluster.
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { commandLine, refuseUsage } from '@connector/cli';
import { buildImages, buildKafkaImage, CACHE, chartVersion, imageValues, loadImages } from './images.ts';

const USAGE = `npm run images -- [options]
  --tag T           tag of the images (default: that of the chart)
  --registry R      push them there
  --load-with CMD   load each archive with this command instead of pushing it, e.g. 'kind load image-archive {tar}'
  --base REF        base of the images; default: one built of Debian's packages by k8s/base-image.sh
  --kafka           also a broker for trials, where docker.io/apache/kafka cannot be pulled
  --no-load         build only
Writes .cache/images.yaml, the chart's values for these images: helm install … -f .cache/images.yaml
Needs buildah, and for the default base apt-get.`;

const { values } = commandLine(
  {
    tag: { type: 'string' },
    registry: { type: 'string' },
    'load-with': { type: 'string' },
    base: { type: 'string' },
    kafka: { type: 'boolean', default: false },
    'no-load': { type: 'boolean', default: false },
  },
  USAGE,
);
// Without a registry the names are the chart's defaults.
const registry = values.registry ?? 'ghcr.io';
const tag = values.tag ?? chartVersion();
const print = (line: string) => console.log(line);
if (!values['no-load'] && !values['load-with'] && !values.registry) {
  refuseUsage(`Nothing would reach a cluster: give --registry, --load-with or --no-load.`);
}
const references = await buildImages({ registry, tags: [tag], base: values.base, onProgress: print });
const broker = values.kafka ? await buildKafkaImage(registry, print) : undefined;
if (broker) references.push(broker);
if (!values['no-load']) await loadImages(references, values['load-with'], print);
const file = join(CACHE, 'images.yaml');
// JSON is YAML, too.
const text = JSON.stringify(imageValues(registry, tag, broker), undefined, 2);
await writeFile(file, `# Written by "npm run images": where the images are that it built.\n${text}\n`);
print(`values for the chart: -f ${relative(process.cwd(), file)}`);
