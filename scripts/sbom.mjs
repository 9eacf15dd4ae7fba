// `npm run sbom`: writes sbom/<image>.cdx.json for every image, and sbom/enabler.cdx.json for the browser library, in CycloneDX.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { build } from 'esbuild';
import { bundleOptions } from './bundle.mjs';

const REPOSITORY = join(import.meta.dirname, '..');
const HOME = 'https://github.com/stripe-checkout-connector/stripe-checkout-connector';
const ENABLER = 'enabler';
const STATIC_SERVER = 'services/enabler-static';
const SANDBOX = 'sandbox';
const json = (path) => JSON.parse(readFileSync(join(REPOSITORY, path), 'utf8'));

/** Folders that an SBOM is written for. */
export const SUBJECTS = [
  ...readdirSync(join(REPOSITORY, 'services')).map((name) => `services/${name}`),
  SANDBOX,
  ENABLER,
];

/** The bundling options that decide which code is included. */
function optionsFor(folder) {
  const absWorkingDir = join(REPOSITORY, folder);
  const browser = { absWorkingDir, entryPoints: ['src/main.ts'], bundle: true, format: 'esm', metafile: true };
  if (folder === ENABLER) return browser;
  if (folder !== SANDBOX) return bundleOptions(absWorkingDir);
  const simulators = ['commercetools', 'stripe'].map((name) => `../simulators/${name}/src/main.ts`);
  const entryPoints = [...simulators, 'src/image/shop.ts'];
  // The image contains a browser bundle that was built without esbuild.
  return { ...bundleOptions(absWorkingDir), entryPoints, external: ['esbuild'] };
}

/** `name@version` of the packages with code in the bundle of `folder`. */
async function bundled(folder) {
  const { metafile } = await build({ ...optionsFor(folder), outdir: 'dist', write: false, logLevel: 'error' });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const packages = new Set(
    inputs.flatMap(([name, { bytesInOutput }]) => {
      const found = /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(join(folder, name))?.[0];
      return found && bytesInOutput > 0 ? [found] : [];
    }),
  );
  return new Set(
    [...packages].map((each) => {
      const { name, version } = json(`${each}/package.json`);
      return `${name}@${version}`;
    }),
  );
}

/** npm's component data of every package of the repository. */
export async function npmSbom() {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: REPOSITORY, maxBuffer: 256 * 1024 * 1024 });
  return JSON.parse(stdout);
}

/** npm's components for the packages with code in the bundle of `folder`. */
async function thirdParty(folder, bom) {
  const names = await bundled(folder);
  const components = bom.components.filter((component) => names.has(component['bom-ref']));
  const known = new Set(components.map((component) => component['bom-ref']));
  const unknown = [...names].filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`npm does not know what ${folder} bundles: ${unknown.join(', ')}`);
  // A bundle has no scopes, and the place where npm put a package depends on the machine.
  return components.map(({ scope, properties, ...component }) => component);
}

/** The component of Node, whose binary is in each image. */
function node() {
  const { version } = json('node_modules/node/package.json');
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    purl: `pkg:generic/node@${version}?download_url=https%3A%2F%2Fnodejs.org%2Fdist%2Fv${version}%2F`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    licenses: [{ license: { id: 'MIT' } }],
    externalReferences: [{ type: 'website', url: 'https://nodejs.org/' }],
  };
}

/**
 * The CycloneDX document of an image or of the enabler, as an object. Throws Error for a bundled package that npm does
 * not know.
 */
export async function sbomOf(folder, bom, { version, base }) {
  const isImage = folder !== ENABLER;
  const components = await thirdParty(folder, bom);
  const files = folder === STATIC_SERVER ? await thirdParty(ENABLER, bom) : [];
  const all = new Map([...components, ...files].map((component) => [component['bom-ref'], component]));
  const name = folder.split('/').at(-1);
  const ref = `${name}@${version}`;
  const packages = [...(isImage ? [node()] : []), ...[...all.values()].toSorted((a, b) => (a.purl < b.purl ? -1 : 1))];
  const refs = new Set(packages.map((component) => component['bom-ref']));
  return {
    ...bom,
    serialNumber: `urn:uuid:${randomUUID()}`,
    metadata: {
      timestamp: bom.metadata.timestamp,
      lifecycles: [{ phase: 'build' }],
      tools: bom.metadata.tools,
      component: {
        'bom-ref': ref,
        type: isImage ? 'container' : 'library',
        group: 'stripe-checkout-connector',
        name,
        version,
        description: json(`${folder}/package.json`).description,
        licenses: [{ license: { id: 'MIT' } }],
        externalReferences: [
          { type: 'vcs', url: HOME },
          ...(isImage
            ? [{ type: 'distribution', url: `https://${base}`, comment: 'Base image; it has packages of its own' }]
            : []),
        ],
      },
    },
    components: packages,
    dependencies: [
      { ref, dependsOn: [...refs].toSorted() },
      ...bom.dependencies
        .filter((dependency) => refs.has(dependency.ref))
        .map((dependency) => ({
          ref: dependency.ref,
          dependsOn: dependency.dependsOn.filter((each) => refs.has(each)),
        })),
    ],
  };
}

/** The default base image of the Dockerfile. */
export const defaultBase = () => /^ARG BASE=(\S+)$/m.exec(readFileSync(join(REPOSITORY, 'Dockerfile'), 'utf8'))?.[1];

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'sbom' },
      version: { type: 'string', default: json('package.json').version },
      base: { type: 'string', default: defaultBase() },
    },
  });
  await mkdir(values.out, { recursive: true });
  const bom = await npmSbom();
  for (const folder of SUBJECTS) {
    const document = await sbomOf(folder, bom, values);
    const file = join(values.out, `${folder.split('/').at(-1)}.cdx.json`);
    await writeFile(file, `${JSON.stringify(document, null, 2)}\n`);
    console.log(`${file}: ${document.components.length} components`);
  }
}
