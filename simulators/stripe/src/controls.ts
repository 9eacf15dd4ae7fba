import type { Faults } from '@connector/simulator-faults';
import type * as z from 'zod';
import {
  disputeChangeSchema,
  disputeSchema,
  type PayOptions,
  paySchema,
  type refundStatusSchema,
  settingsSchema,
} from './control-schemas.ts';
import { moveDispute, openDispute } from './disputes.ts';
import { noSuch, refused } from './errors.ts';
import type { EventLog } from './events.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import type { Charge, Customer, Dispute, EventRecord, PaymentIntent, Refund, StripeEvent } from './objects.ts';
import { Params, type RawParams } from './params.ts';
import { expireAuthorization } from './payment-intents/cancel.ts';
import { confirmPaymentIntent } from './payment-intents/confirm.ts';
import { settle } from './payment-intents/settle.ts';
import { finishAction } from './payment-intents/shopper-action.ts';
import { setRefundStatus } from './refunds.ts';
import { DEFAULT_SETTINGS, type Settings, type Simulation } from './simulation.ts';
import { emptyState } from './state.ts';
import { expireVoucher, fund, holdsVoucher } from './vouchers.ts';
import type { WebhookSettings } from './webhook-settings.ts';
import type { Acknowledged, WebhookCounts, WebhookSender } from './webhooks.ts';

/** Everything that exists at the simulated Stripe: the truth to compare other systems with. Client secrets are left out. */
export interface StateReport {
  payment_intents: Omit<PaymentIntent, 'client_secret'>[];
  charges: Charge[];
  refunds: (Refund & {
    /** True when it only let go of authorised money that was never captured. */
    is_release: boolean;
  })[];
  disputes: Dispute[];
  customers: Customer[];
  events: number;
}

/** What a test or the demo may do to the simulated Stripe from outside. */
export class Controls {
  readonly #simulation: Simulation;
  readonly #sender: WebhookSender;
  readonly #faults: Faults;
  readonly #idempotencyKeys: IdempotencyKeys;
  readonly #restore: () => void;

  constructor(parts: {
    simulation: Simulation;
    sender: WebhookSender;
    faults: Faults;
    idempotencyKeys: IdempotencyKeys;
    /** Puts back what belongs to a fresh simulator. */
    restore: () => void;
  }) {
    this.#simulation = parts.simulation;
    this.#sender = parts.sender;
    this.#faults = parts.faults;
    this.#idempotencyKeys = parts.idempotencyKeys;
    this.#restore = parts.restore;
  }

  /** Replaces the faults of every /v1 call; `[]` heals. Throws ZodError. */
  setFaults(faults: unknown): void {
    this.#faults.replace(faults);
  }

  get faults(): Faults['current'] {
    return this.#faults.current;
  }

  /** Throws ZodError. */
  configureWebhooks(settings: WebhookSettings): void {
    this.#sender.configure(settings);
  }

  get webhooks(): WebhookCounts & { settings: WebhookSender['settings'] } {
    return { ...this.#sender.counts, settings: this.#sender.settings };
  }

  get acknowledgedEvents(): readonly Acknowledged[] {
    return this.#sender.acknowledged;
  }

  flushWebhooks(): Promise<WebhookCounts> {
    return this.#sender.flush();
  }

  get settings(): Settings {
    return this.#simulation.settings;
  }

  /** Throws ZodError. */
  configure(settings: Partial<Settings>): void {
    const given = Object.entries(settingsSchema.parse(settings)).filter(([, value]) => value !== undefined);
    this.#simulation.settings = { ...this.#simulation.settings, ...Object.fromEntries(given) };
  }

  state(): StateReport {
    const { state, events } = this.#simulation;
    return {
      payment_intents: [...state.paymentIntents.values()].map(
        ({ client_secret: _secret, ...paymentIntent }) => paymentIntent,
      ),
      charges: [...state.charges.values()],
      refunds: [...state.refunds.values()].map((refund) => ({ ...refund, is_release: state.releases.has(refund.id) })),
      disputes: [...state.disputes.values()],
      customers: [...state.customers.values()],
      events: events.size,
    };
  }

  /** Pays as a shopper would in the browser. Throws StripeApiError on a decline, as Stripe answers it. */
  pay(paymentIntentId: string, options: PayOptions = {}): PaymentIntent {
    const { card, iban, payment_method, type, return_url, setup_future_usage, authentication } =
      paySchema.parse(options);
    const paymentIntent = this.#paymentIntent(paymentIntentId);
    const raw: RawParams = { use_stripe_sdk: 'true', return_url: return_url ?? 'https://example.com/return' };
    if (setup_future_usage) raw.setup_future_usage = setup_future_usage;
    const billing_details = { name: 'Jenny Rosen', email: 'jenny@example.com' };
    if (payment_method) raw.payment_method = payment_method;
    else if (iban) raw.payment_method_data = { type: 'sepa_debit', sepa_debit: { iban }, billing_details };
    else if (type === 'boleto') {
      raw.payment_method_data = { type, boleto: { tax_id: '000.000.000-00' }, billing_details };
    } else if (type && type !== 'card') raw.payment_method_data = { type, billing_details };
    else {
      const exp_year = String(new Date(this.#simulation.nowMs()).getUTCFullYear() + 4);
      const details = { number: card ?? '4242424242424242', exp_month: '12', exp_year, cvc: '123' };
      raw.payment_method_data = { type: 'card', card: details, billing_details };
    }
    const confirmed = confirmPaymentIntent(this.#simulation, paymentIntent, new Params(raw), false);
    const isDone = confirmed.status !== 'requires_action' || holdsVoucher(confirmed);
    if (isDone || authentication === 'none') return confirmed;
    return finishAction(this.#simulation, confirmed, authentication === 'complete');
  }

  /** Ends a shopper's pending authentication or redirect. */
  finishAction(paymentIntentId: string, outcome: 'complete' | 'fail'): PaymentIntent {
    return finishAction(this.#simulation, this.#paymentIntent(paymentIntentId), outcome === 'complete');
  }

  settle(paymentIntentId: string, outcome: 'succeeded' | 'failed' = 'succeeded'): PaymentIntent {
    return settle(this.#simulation, this.#paymentIntent(paymentIntentId), outcome);
  }

  /** The money for a voucher comes, or a bank transfer, whole or `amount` of it in minor units. */
  fund(paymentIntentId: string, amount?: number): PaymentIntent {
    return fund(this.#simulation, this.#paymentIntent(paymentIntentId), amount);
  }

  /** A voucher is not paid in time, or an authorisation not captured in time. */
  expire(paymentIntentId: string): PaymentIntent {
    const paymentIntent = this.#paymentIntent(paymentIntentId);
    return holdsVoucher(paymentIntent)
      ? expireVoucher(this.#simulation, paymentIntent)
      : expireAuthorization(this.#simulation, paymentIntent);
  }

  /** Puts the account's clock ahead, in ms; what is due by then happens now. Webhooks are signed with the time that it really is. */
  advanceClock(ms: number): void {
    this.#simulation.advance(ms);
  }

  openDispute(options: z.input<typeof disputeSchema>): Dispute {
    const { charge: chargeId, payment_intent: intentId, ...rest } = disputeSchema.parse(options);
    const id = chargeId ?? (intentId ? this.#paymentIntent(intentId).latest_charge : null);
    const charge = id ? this.#simulation.state.charges.get(id) : undefined;
    if (!charge) throw noSuch('charge', id ?? '', 'charge');
    if (charge.amount_captured === 0) throw refused('Only a captured charge can be disputed.');
    const { amount, status, reason, withdraw } = rest;
    return openDispute(this.#simulation, charge, {
      ...(amount === undefined ? {} : { amount }),
      ...(status === undefined ? {} : { status }),
      ...(reason === undefined ? {} : { reason }),
      ...(withdraw === undefined ? {} : { withdraw }),
    });
  }

  moveDispute(disputeId: string, change: z.input<typeof disputeChangeSchema>): Dispute {
    const dispute = this.#simulation.state.disputes.get(disputeId);
    if (!dispute) throw noSuch('dispute', disputeId);
    const { status, withdraw, reinstate } = disputeChangeSchema.parse(change);
    return moveDispute(this.#simulation, dispute, {
      ...(status === undefined ? {} : { status }),
      ...(withdraw === undefined ? {} : { withdraw }),
      ...(reinstate === undefined ? {} : { reinstate }),
    });
  }

  setRefundStatus(refundId: string, status: z.infer<typeof refundStatusSchema>['status']): Refund {
    const refund = this.#simulation.state.refunds.get(refundId);
    if (!refund) throw noSuch('refund', refundId);
    return setRefundStatus(this.#simulation, refund, status);
  }

  /** Emits an event as given; id, created and the like are filled in when absent. Returns what was sent. */
  emit(event: { type: string; data: { object: Record<string, unknown> } } & Record<string, unknown>): StripeEvent {
    const record = this.#simulation.events.emitRaw(event as Parameters<EventLog['emitRaw']>[0]);
    return JSON.parse(record.body.toString()) as StripeEvent;
  }

  /** Sends a known event once more, as the dashboard's button does. */
  resend(eventId: string): void {
    const record = this.#simulation.events.record(eventId);
    if (!record) throw noSuch('event', eventId);
    const endpoints = this.#sender.endpointsFor(record.type);
    record.pending += endpoints.length;
    this.#sender.send(record, endpoints);
  }

  /** The events so far, oldest first. */
  *events(): Generator<EventRecord> {
    yield* this.#simulation.events.values();
  }

  /** Back to an empty account without faults; what is pending is forgotten. */
  reset(): void {
    this.#simulation.forgetTimers();
    this.#simulation.state = emptyState();
    this.#simulation.settings = { ...DEFAULT_SETTINGS };
    this.#simulation.events.clear();
    this.#idempotencyKeys.clear();
    this.#faults.replace([]);
    this.#sender.reset();
    this.#restore();
  }

  #paymentIntent(id: string): PaymentIntent {
    const paymentIntent = this.#simulation.state.paymentIntents.get(id);
    if (!paymentIntent) throw noSuch('payment_intent', id, 'intent');
    return paymentIntent;
  }
}
