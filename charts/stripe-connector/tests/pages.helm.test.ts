import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { render } from './rendered.ts';
import { defaultValues, isMap } from './values.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const PAGES = globSync('{docs/*.md,docs/runbooks/*.md,k8s/README.md,SECURITY.md}', { cwd: REPOSITORY });
/** The release that the pages speak of. */
const RELEASE = 'payments';

const { objects } = render({ files: ['values-production.yaml', '../../k8s/production/values.yaml'], release: RELEASE });
const names = new Set(objects.map(({ metadata }) => metadata.name));

/** Whether `path`, e.g. `kafka.topics.create`, is a value of the chart or lies below a free-form one; `*` stands for any key. */
function isValue(path: string): boolean {
  let at: unknown = defaultValues();
  const keys = path.replace(/^services\.(?:<name>|[a-z-]+)/, 'defaults').split('.');
  for (const [depth, key] of keys.entries()) {
    if (!isMap(at)) return false;
    if (depth > 0 && Object.keys(at).length === 0) return true;
    const pattern = new RegExp(`^${key.replaceAll('*', '.*')}$`);
    const found = Object.keys(at).find((each) => pattern.test(each));
    if (found === undefined) return false;
    at = at[found];
  }
  return true;
}

it.each([
  ['kafka.topics.create', true],
  ['services.intent.resources', true],
  ['settings.RATE_LIMIT_*', true],
  ['settings.NOTHING', false],
  ['kafka.topics.make', false],
])('%s is a value: %s', (path, expected) => {
  expect(isValue(path)).toBe(expected);
});

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(`${REPOSITORY}${page}`, 'utf8');

  it('names Deployments, Jobs, Secrets and services that the release has', () => {
    const named = [...text.matchAll(/\bpayments-stripe-connector(?:-[a-z]+)+/g)].map(([name]) => name);
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });

  it('names values that the chart has', () => {
    const inCode = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
    const paths = inCode.flatMap((code) =>
      [
        ...code.matchAll(
          /^(?:commercetools|stripe|kafka|settings|defaults|services|cronJobs|hooks|purge|gateway|ingress|networkPolicy|metrics|otel|externalSecrets|simulators)\.[\w.*<>-]+/g,
        ),
      ].map(([path]) => path.replace(/\.$/, '')),
    );
    const isSpanAttribute = (path: string) => /^(?:commercetools|stripe)\.\w+\.\w+$/.test(path);
    expect(paths.filter((path) => !isSpanAttribute(path) && !isValue(path))).toEqual([]);
  });
});
