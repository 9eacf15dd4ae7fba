import type { EnablerOptions, PaymentEnabler, PaymentResult } from './payment-enabler.ts';

export type * from './payment-enabler.ts';

/** The class as seen by pages that load the built library at run time. */
export interface EnablerConstructor {
  new (options: EnablerOptions): PaymentEnabler & { resume(url?: string): Promise<PaymentResult | undefined> };
}
