import { contextFrom, injectContext, startTracing } from '@connector/telemetry';
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { beforeAll, describe, expect, it } from 'vitest';
import { correlationId, withCorrelation, withCorrelationId } from './correlation.ts';

beforeAll(async () => void (await startTracing('test')));

const baggageOf = (within: ReturnType<typeof withCorrelation>) => {
  const baggage = propagation.getBaggage(within);
  if (!baggage) throw new Error('there is no baggage');
  return baggage;
};

describe('the correlation id', () => {
  it('is known within its work and nowhere else', () => {
    expect(withCorrelationId('one', () => [correlationId(), withCorrelationId('two', correlationId)])).toEqual([
      'one',
      'two',
    ]);
    expect(correlationId()).toBeUndefined();
  });

  it('is sent in headers and read from them', () => {
    const headers = injectContext<Record<string, string>>({}, withCorrelation(ROOT_CONTEXT, 'a b,c'));
    expect(headers.baggage).toBe('correlation.id=a%20b%2Cc');
    expect(context.with(contextFrom(headers), correlationId)).toBe('a b,c');
  });

  it('is added to existing baggage, and replaces an id in it', () => {
    const within = withCorrelation(contextFrom({ baggage: 'tenant=shop,correlation.id=old' }), 'new');
    expect(Object.fromEntries(baggageOf(within).getAllEntries())).toEqual({
      tenant: { value: 'shop' },
      'correlation.id': { value: 'new' },
    });
  });

  it('without other baggage is encoded like any other', () => {
    const baggage = baggageOf(withCorrelation(ROOT_CONTEXT, 'one'));
    const entries = (of: typeof baggage) =>
      Object.fromEntries(of.getAllEntries().map(([key, { value }]) => [key, value]));
    expect([baggage.getEntry('correlation.id'), baggage.getEntry('tenant')]).toEqual([{ value: 'one' }, undefined]);
    expect(entries(baggage.setEntry('tenant', { value: 'shop' }))).toEqual({ 'correlation.id': 'one', tenant: 'shop' });
    expect(entries(baggage.setEntry('correlation.id', { value: 'two' }))).toEqual({ 'correlation.id': 'two' });
    expect(entries(baggage.removeEntry('tenant'))).toEqual({ 'correlation.id': 'one' });
    for (const without of [
      baggage.removeEntry('correlation.id'),
      baggage.removeEntries('x', 'correlation.id'),
      baggage.clear(),
    ])
      expect(entries(without)).toEqual({});
  });
});
