import { expect, it } from 'vitest';
import { returnUrlOf } from './return-url.ts';

const CONFIGURED = 'https://shop.example/return';

it.each(['https://other-shop.example/done?order=1#top', 'http://localhost:8080/return', 'myshop://checkout/return'])(
  "is the session's URL if it is valid: %s",
  (url) => {
    expect(returnUrlOf(url, CONFIGURED)).toBe(url);
  },
);

it.each([
  undefined,
  '',
  '/return',
  '//evil.example/return',
  'not a URL',
  'https://',
  'javascript:alert(document.cookie)',
  'JavaScript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'blob:https://shop.example/1',
  'https://shop.example@evil.example/return',
  'https://shop.example:pass@evil.example/return',
])('is the configured URL instead of one that could harm the shopper: %j', (url) => {
  expect(returnUrlOf(url, CONFIGURED)).toBe(CONFIGURED);
});
