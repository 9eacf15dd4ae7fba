/// <reference lib="dom" />
import type { Result } from './api.ts';
import type { Appearance } from './dom.ts';
import type { PaymentIntentView } from './errors.ts';
import type { Texts } from './texts.ts';

export interface ElementsOptions {
  clientSecret?: string;
  mode?: string;
  amount?: number;
  currency?: string;
  captureMethod?: string;
  capture_method?: string;
  setupFutureUsage?: string | null;
  setup_future_usage?: string | null;
  customerSessionClientSecret?: string;
  appearance?: Appearance;
  locale?: string;
  [option: string]: unknown;
}

export interface SavedMethod {
  id: string;
  type: string;
  card?: { brand: string; last4: string; exp_month: number; exp_year: number };
  sepa_debit?: { last4: string };
}

export interface Session {
  payment_intent: PaymentIntentView | null;
  customer: { payment_methods: SavedMethod[] } | null;
  features: { payment_method_save?: string; payment_method_save_usage?: string | null } | null;
  /** A setting of the simulator. */
  click_needs_rates: boolean;
  /** A setting of the simulator: methods beside the usual ones. */
  also_offers: readonly string[];
}

/** What an element knows of the payment that it is for. */
export interface ElementsContext {
  readonly options: ElementsOptions;
  readonly session: Promise<Result<Session>>;
  readonly texts: Texts;
  readonly features: Session['features'];
  readonly savedMethods: SavedMethod[];
  /** Whether a wallet that ships refuses to open without a first list of rates, as current releases of Stripe.js do. */
  readonly clickNeedsRates: boolean;
  /** In the currency's smallest unit. */
  readonly amount: number;
  readonly methodTypes: string[];
  /** `amount` as the shopper reads it. */
  money(amount: number): string;
}
