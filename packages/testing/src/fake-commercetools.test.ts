import { beforeEach, describe } from 'vitest';
import { cart } from './commercetools.ts';
import { itIsCommercetools, type Project } from './conformance/commercetools.ts';
import { FakeCommercetools } from './fake-commercetools.ts';
import { commercetoolsId } from './ids.ts';

describe('the fake commercetools', () => {
  let project: Project;
  beforeEach(() => {
    const fake = new FakeCommercetools();
    project = {
      payments: fake.payments,
      carts: fake.cartsPort,
      newCart: async () => {
        const made = cart();
        fake.addCart(made);
        return structuredClone(made);
      },
      newCustomer: async () => {
        const id = commercetoolsId();
        fake.customers.add(id);
        return id;
      },
    };
  });
  itIsCommercetools(() => project);
});
