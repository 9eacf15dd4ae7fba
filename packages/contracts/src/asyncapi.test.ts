import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { asyncApiDocument } from './asyncapi.ts';
import { EVENTS } from './events.ts';

it('is committed as generated (npm run docs writes it)', () => {
  const committed = readFileSync(new URL('../../../docs/asyncapi.json', import.meta.url), 'utf8');
  expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(asyncApiDocument(packageJson.version))));
});

it('puts each of our events on a topic', () => {
  const text = JSON.stringify((asyncApiDocument('0') as { channels: object }).channels);
  for (const type of Object.keys(EVENTS))
    expect(text).toContain(`#/components/messages/${type.replaceAll(/[^a-z]+/g, '_')}`);
});
