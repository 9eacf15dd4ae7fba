import { beforeEach, describe } from 'vitest';
import { itIsCommercetools } from '../conformance/commercetools.ts';
import { FakeCommercetools } from './fake-commercetools.ts';

describe('the fake commercetools', () => {
  let commercetools: FakeCommercetools;
  beforeEach(() => {
    commercetools = new FakeCommercetools();
  });
  itIsCommercetools(() => commercetools);
});
