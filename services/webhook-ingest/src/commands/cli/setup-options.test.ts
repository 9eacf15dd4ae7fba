import { UsageError } from '@connector/cli';
import { describe, expect, it } from 'vitest';
import { parseSetUpOptions } from './setup-options.ts';

describe("setup's options", () => {
  it('fit the chart by default', () => {
    expect(parseSetUpOptions(['--url', 'https://payments.example.com'])).toEqual({
      url: 'https://payments.example.com',
      secret: { name: 'stripe-webhook', key: 'webhook-signing-secret', namespace: undefined },
      action: 'set-up',
      isChecked: true,
      dryRun: false,
    });
  });

  it.each([
    ['two things at once', ['--rotate', '--finish-rotation'], 'Only one of --rotate, --finish-rotation'],
    ['an unknown option', ['--urll', 'x'], '--urll'],
    ['a name that Kubernetes does not take', ['--secret-name', 'Stripe Webhook'], '--secret-name'],
    ['a key that Kubernetes does not take', ['--secret-key', 'a/b'], '--secret-key'],
    ['a namespace that Kubernetes does not take', ['--namespace', 'pay\nments'], '--namespace'],
    ['a check to skip where there is none', ['--skip-check'], '--finish-rotation'],
  ])('refuse %s', (_what, argv, message) => {
    expect(() => parseSetUpOptions(argv)).toThrow(UsageError);
    expect(() => parseSetUpOptions(argv)).toThrow(message);
  });

  it('answer help before anything else', () => {
    expect(parseSetUpOptions(['--help', '--rotate'])).toBe('help');
  });
});
