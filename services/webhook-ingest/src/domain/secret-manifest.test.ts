import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { secretManifest } from './secret-manifest.ts';

it('is a Secret that the API server accepts, whatever the names contain', () => {
  const place = { name: 'true', key: 'webhook-signing-secret', namespace: '123' };
  expect(parse(secretManifest(place, ['whsec_new', 'whsec_old'], 'we_1'))).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'true',
      namespace: '123',
      labels: { 'app.kubernetes.io/part-of': 'stripe-connector' },
      annotations: { 'stripe-connector/webhook-endpoint': 'we_1' },
    },
    type: 'Opaque',
    stringData: { 'webhook-signing-secret': 'whsec_new,whsec_old' },
  });
});

it('leaves the namespace to kubectl when none is given', () => {
  const manifest = secretManifest({ name: 'a', key: 'b', namespace: undefined }, ['whsec_1'], 'we_1');
  expect(parse(manifest).metadata).not.toHaveProperty('namespace');
});
