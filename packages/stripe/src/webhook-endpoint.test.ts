import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import { describe, expect, it } from 'vitest';
import { driftOf, endpointsAt, versionGap, type WebhookEndpoint, webhookUrl } from './webhook-endpoint.ts';

const URL_OF_OURS = 'https://payments.example.com/stripe/webhooks';
const endpoint = (over: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  id: 'we_1',
  url: URL_OF_OURS,
  status: 'enabled',
  apiVersion: '2026-10-28.endive',
  events: STRIPE_EVENT_TYPES,
  metadata: {},
  createdAt: 1,
  ...over,
});

it.each([
  ['https://payments.example.com', URL_OF_OURS],
  ['https://payments.example.com/', URL_OF_OURS],
  ['https://payments.example.com/stripe/webhooks', URL_OF_OURS],
  ['https://example.com/pay/', 'https://example.com/pay/stripe/webhooks'],
])('the webhook URL of %s is %s', (publicUrl, expected) => {
  expect(webhookUrl(publicUrl)).toBe(expected);
});

it('recognises an endpoint by its URL in any spelling, the newest first', () => {
  const endpoints = [
    endpoint({ id: 'we_old', createdAt: 1 }),
    endpoint({ id: 'we_other', url: 'https://other.example.com/stripe/webhooks' }),
    endpoint({ id: 'we_new', url: 'https://PAYMENTS.example.com:443/stripe/webhooks/', createdAt: 2 }),
  ];
  expect(endpointsAt(URL_OF_OURS, endpoints).map(({ id }) => id)).toEqual(['we_new', 'we_old']);
});

describe('the changes that an endpoint needs', () => {
  it.each<[string, Partial<WebhookEndpoint>, string[]]>([
    ['nothing when all is right', {}, []],
    ['nothing for another order', { events: STRIPE_EVENT_TYPES.toReversed() }, []],
    ['the events, though the URL is right (X-13)', { events: STRIPE_EVENT_TYPES.slice(1) }, ['events']],
    ['events that no service handles', { events: [...STRIPE_EVENT_TYPES, 'customer.created'] }, ['events']],
    ['all events', { events: ['*'] }, ['events']],
    ['the URL', { url: 'https://old.example.com/stripe/webhooks' }, ['url']],
    ['both', { url: 'https://old.example.com/', events: [] }, ['url', 'events']],
  ])('%s', (_what, over, expected) => {
    expect(Object.keys(driftOf(endpoint(over), URL_OF_OURS))).toEqual(expected);
  });
});

it.each([
  ['2026-10-28.endive', 'none'],
  ['2026-09-30.endive', 'compatible'],
  ['2025-12-15.clover', 'breaking'],
  ['2024-06-20', 'breaking'],
  [null, 'breaking'],
])('an endpoint of version %s is %s', (actual, expected) => {
  expect(versionGap(actual, '2026-10-28.endive')).toBe(expected);
});
