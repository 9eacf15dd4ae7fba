import { randomUUID } from 'node:crypto';
import type { CustomerUpdateAction } from '@commercetools/platform-sdk';
import { NotFoundError, PermanentError, StaleVersionError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import type { ProjectCalls } from './calls.ts';

export function itKeepsCustomers(calls: ProjectCalls): void {
  const { call, newCustomer } = calls;
  const { byId, update, field, newType, setType } = customersOf(calls);

  describe('a customer', () => {
    it('is not found by an unknown id', async () => {
      await expect(byId(randomUUID())).rejects.toThrow(NotFoundError);
    });

    it('accepts fields of a custom type, which is named by its key', async () => {
      const type = await newType('stripe', 'erp');
      const made = await newCustomer();
      const after = await update(made, setType(type.key, { stripe: 'cus_1', erp: '7' }));
      expect(after).toMatchObject({ version: made.version + 1, email: made.email });
      expect(after.custom).toEqual({
        type: { typeId: 'type', id: type.id },
        fields: { stripe: 'cus_1', erp: '7' },
      });
      expect(await byId(made.id)).toEqual(after);
    });

    it('keeps the other fields when one is set', async () => {
      const type = await newType('stripe', 'erp');
      const typed = await update(await newCustomer(), setType(type.key, { erp: '7' }));
      const after = await update(typed, { action: 'setCustomField', name: 'stripe', value: 'cus_1' });
      expect(after.custom?.fields).toEqual({ stripe: 'cus_1', erp: '7' });
    });

    it('accepts a field only once its type has that field', async () => {
      const type = await newType('erp');
      const typed = await update(await newCustomer(), setType(type.key));
      const set: CustomerUpdateAction = { action: 'setCustomField', name: 'stripe', value: 'cus_1' };
      await expect(update(typed, set)).rejects.toThrow(PermanentError);
      expect(await byId(typed.id)).toEqual(typed);
      const actions = [{ action: 'addFieldDefinition' as const, fieldDefinition: field('stripe') }];
      const body = { version: type.version, actions };
      await call('types.update', (api) => api.types().withId({ ID: type.id }).post({ body }));
      const { fieldDefinitions } = await call('types.get', (api) => api.types().withId({ ID: type.id }).get());
      expect(fieldDefinitions.map(({ name }) => name)).toEqual(['erp', 'stripe']);
      expect((await update(typed, set)).custom?.fields).toEqual({ stripe: 'cus_1' });
    });

    it('accepts no update with an older version', async () => {
      const type = await newType('stripe');
      const made = await newCustomer();
      const after = await update(made, setType(type.key, { stripe: 'cus_1' }));
      await expect(update(made, setType(type.key, { stripe: 'cus_2' }))).rejects.toThrow(StaleVersionError);
      expect(await byId(made.id)).toEqual(after);
    });
  });
}

function customersOf({ call }: ProjectCalls) {
  const byId = (ID: string) => call('customers.get', (api) => api.customers().withId({ ID }).get());
  const update = ({ id: ID, version }: { id: string; version: number }, ...actions: CustomerUpdateAction[]) =>
    call('customers.update', (api) => api.customers().withId({ ID }).post({ body: { version, actions } }));
  const field = (name: string) => ({ name, label: { en: name }, required: false, type: { name: 'String' as const } });
  const newType = (...names: string[]) => {
    const body = { key: `type-${randomUUID()}`, name: { en: 'ours' }, resourceTypeIds: ['customer' as const] };
    return call('types.create', (api) => api.types().post({ body: { ...body, fieldDefinitions: names.map(field) } }));
  };
  const setType = (key: string, fields: object = {}) => ({
    action: 'setCustomType' as const,
    type: { typeId: 'type' as const, key },
    fields: { ...fields },
  });
  return { byId, update, field, newType, setType };
}
