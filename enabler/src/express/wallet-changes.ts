import type {
  StripeExpressCheckoutElementShippingAddressChangeEvent,
  StripeExpressCheckoutElementShippingRateChangeEvent,
} from '@stripe/stripe-js';
import { type EnablerError, hostFailed } from '../errors.ts';
import type { ExpressOptions } from '../payment-enabler.ts';
import type { ProcessorClient } from '../processor-client.ts';
import { toExpressAddress } from './address.ts';
import { cartTotals, shippingRate, type Totals } from './totals.ts';
import type { WalletSession } from './wallet-session.ts';

export interface WalletChangesOptions {
  readonly wallet: WalletSession;
  readonly processor: ProcessorClient;
  readonly host: Pick<ExpressOptions, 'onShippingAddressSelected' | 'getShippingMethods' | 'onShippingMethodSelected'>;
  readonly totals: () => Totals;
  readonly show: (totals: Totals) => void;
  readonly fail: (error: EnablerError) => void;
}

/** The shopper's changes in an open wallet, in order. */
export class WalletChanges {
  readonly #options: WalletChangesOptions;
  #changes = 0;

  constructor(options: WalletChangesOptions) {
    this.#options = options;
  }

  address(event: StripeExpressCheckoutElementShippingAddressChangeEvent): Promise<void> {
    const { onShippingAddressSelected, getShippingMethods, onShippingMethodSelected } = this.#options.host;
    return this.#change(event.reject, 'Error updating shipping address.', async (isCurrent) => {
      const address = toExpressAddress(event.address, { name: event.name });
      if (!address) return false;
      await onShippingAddressSelected({ address });
      const methods = await getShippingMethods({ address });
      const first = methods[0];
      if (!first) return false;
      await onShippingMethodSelected({ shippingMethod: { id: first.id } });
      const shippingRates = methods.map((option) => shippingRate(option, this.#options.totals().due.fractionDigits));
      return this.#resolveChange(event, isCurrent, { shippingRates });
    });
  }

  rate(event: StripeExpressCheckoutElementShippingRateChangeEvent): Promise<void> {
    return this.#change(event.reject, 'Error updating shipping method.', async (isCurrent) => {
      await this.#options.host.onShippingMethodSelected({ shippingMethod: { id: event.shippingRate.id } });
      return this.#resolveChange(event, isCurrent, {});
    });
  }

  /** A change that a later one overtook does not reset what the sheet shows. */
  async #resolveChange(
    event: Pick<StripeExpressCheckoutElementShippingAddressChangeEvent, 'resolve'>,
    isCurrent: () => boolean,
    rates: { shippingRates?: ReturnType<typeof shippingRate>[] },
  ): Promise<boolean> {
    const { processor, show } = this.#options;
    const totals = cartTotals(await processor.expressPaymentData());
    if (!isCurrent()) return false;
    show(totals);
    event.resolve({ ...rates, lineItems: totals.lineItems });
    return true;
  }

  /** Runs one change of the wallet. A failure rejects the change, and so does a wallet that was closed meanwhile. */
  async #change(
    reject: () => void,
    message: string,
    run: (isCurrent: () => boolean) => Promise<boolean>,
  ): Promise<void> {
    const { wallet, fail } = this.#options;
    const isOpen = wallet.stillOpen();
    this.#changes += 1;
    const mine = this.#changes;
    const isCurrent = () => isOpen() && mine === this.#changes;
    try {
      await wallet.current();
      if (isOpen() && !(await run(isCurrent)) && isOpen()) reject();
    } catch (error) {
      reject();
      if (isOpen()) fail(hostFailed('express_shipping_failed', message, error));
    }
  }
}
