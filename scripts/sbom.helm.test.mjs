import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';
import { isAllowed } from './licences.mjs';
import { defaultBase, npmSbom, SUBJECTS, sbomOf } from './sbom.mjs';

const VERSION = '1.2.3';
const base = defaultBase();
const bom = await npmSbom();
const documents = await Promise.all(
  SUBJECTS.map(async (folder) => [folder, await sbomOf(folder, bom, { version: VERSION, base })]),
);
const of = (folder) => documents.find(([name]) => name === folder)[1];
const namesIn = (document) => document.components.map(({ name }) => name);

describe.each(documents)('the SBOM of %s', (folder, document) => {
  it("is valid by CycloneDX's own schema", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version[`v${document.specVersion.replace('.', 'dot')}`]);
    expect(await validator.validate(JSON.stringify(document))).toBeNull();
  });

  it('names a licence for every component, and the licence may be shipped', () => {
    const forbidden = document.components.filter((component) => !isAllowed(component));
    expect(forbidden.map(({ name, licenses }) => [name, licenses])).toEqual([]);
  });

  it('is about one version, and for an image names Node and the base image', () => {
    const { component } = document.metadata;
    expect(component.version).toBe(VERSION);
    expect(namesIn(document).includes('node')).toBe(folder !== 'enabler');
    expect(component.externalReferences.some(({ url }) => url === `https://${base}`)).toBe(folder !== 'enabler');
  });

  it('contains nothing of the machine that made it', () => {
    expect(JSON.stringify(document)).not.toContain(process.cwd());
  });
});

it('lists the packages in the bundle, and none that is only in node_modules', () => {
  expect(namesIn(of('services/ledger'))).toEqual(expect.arrayContaining(['kafkajs', 'zod', 'stripe', 'pino']));
  expect(namesIn(of('services/webhook-ingest'))).not.toContain('vitest');
  expect(namesIn(of('services/enabler-static'))).not.toContain('kafkajs');
});

it.each([
  [true, { license: { id: 'MIT' } }],
  [false, { license: { id: 'AGPL-3.0-only' } }],
  [false, { license: { name: 'our own' } }],
  [true, { expression: '(MIT OR GPL-3.0-only)' }],
  [false, { expression: 'MIT AND GPL-3.0-only' }],
])('may be shipped: %s for %j', (isFine, licence) => {
  expect(isAllowed({ licenses: [licence] })).toBe(isFine);
});

it('a component without a licence may not be shipped', () => {
  expect(isAllowed({})).toBe(false);
});
