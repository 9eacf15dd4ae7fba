import type { Logger } from '@connector/telemetry';
import type { BehaviourSettings } from '../../domain/behaviour.ts';
import type { CardFeatures } from '../../domain/card-features.ts';
import type { Snapshot } from '../../domain/opening.ts';
import type { Session } from '../../domain/session.ts';
import type { InBackground } from '../background.ts';
import type {
  PaymentEvents,
  PaymentIntents,
  Payments,
  RememberingCarts,
  RememberingCustomers,
  StripeCustomers,
} from '../ports.ts';
import type { Memory } from './memory.ts';

export interface OpenCheckoutDeps {
  carts: RememberingCarts;
  customers: RememberingCustomers;
  payments: Payments;
  paymentIntents: PaymentIntents;
  stripeCustomers: StripeCustomers;
  events: PaymentEvents;
  inBackground: InBackground;
  settings: OpenCheckoutSettings;
  /** Waits, in ms. */
  sleep: (ms: number) => Promise<void>;
  /** Ms since the epoch. */
  now: () => number;
  log: Pick<Logger, 'warn'>;
}

export interface OpenCheckoutSettings {
  projectKey: string;
  paymentInterface: string;
  merchantReturnUrl: string;
  cardFeatures: CardFeatures;
  /** Whether line items are sent to Stripe. */
  lineItems?: boolean | undefined;
  /** Whether the order number is also the description of the PaymentIntent. */
  orderInDescription?: boolean | undefined;
  behaviour: BehaviourSettings;
}

export interface OpenCheckoutRequest {
  session: Session;
  express: boolean;
  expressCustomerSession: boolean;
  requestId: string;
}

/** The state of a request. */
export interface Opening {
  readonly deps: OpenCheckoutDeps;
  readonly request: OpenCheckoutRequest;
  readonly memory: Memory;
  readonly snapshot: Snapshot;
}
