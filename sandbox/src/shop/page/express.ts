import type {
  EnablerConstructor,
  EnablerOptions,
  ExpressAddress,
  ExpressPaymentResult,
} from '@connector/enabler/types';
import { callBackend } from './api.ts';
import { byId } from './dom.ts';

/** Mounts the wallet button for the open checkout; hidden when the browser has no wallet. */
export async function showExpress(
  enabler: InstanceType<EnablerConstructor>,
  checkout: { cartId: string; sessionId: string },
  page: {
    total: { centAmount: number; currencyCode: string; fractionDigits: number };
    freeShipping: string;
    onComplete: NonNullable<EnablerOptions['onComplete']>;
  },
): Promise<void> {
  const box = byId('express');
  const mount = byId('express-element');
  const saveAddress = (address: ExpressAddress) =>
    callBackend<void>('PUT', `/storefront/api/carts/${checkout.cartId}/address`, shopAddress(address));
  mount.replaceChildren();
  const builder = await enabler.createExpressBuilder('dropin');
  const button = builder.build({
    initialAmount: page.total,
    onPayButtonClick: async () => ({ sessionId: checkout.sessionId }),
    onShippingAddressSelected: ({ address }) => saveAddress(address),
    getShippingMethods: async () => [
      { id: 'standard', name: page.freeShipping, amount: { ...page.total, centAmount: 0 } },
    ],
    onShippingMethodSelected: async () => {},
    onPaymentSubmit: async ({ shippingAddress, customerEmail }) => {
      if (shippingAddress) await saveAddress({ ...shippingAddress, ...(customerEmail && { email: customerEmail }) });
    },
    onComplete: (result: ExpressPaymentResult) => page.onComplete(result),
  });
  box.hidden = false;
  // Stripe's element has no height when no wallet can be used.
  new ResizeObserver(([entry]) => box.classList.toggle('empty', (entry?.contentRect.height ?? 0) < 10)).observe(mount);
  await button.mount('#express-element');
}

/** The shop has one line for street and number; the wallet may have two fields. */
function shopAddress({ streetNumber, streetName, ...address }: ExpressAddress) {
  const { country, firstName, lastName, postalCode, city, email } = address;
  const street = [streetNumber, streetName].filter(Boolean).join(' ');
  return { country, firstName, lastName, streetName: street || undefined, postalCode, city, email };
}
