import type { Payment } from '../merchant.ts';
import type { Story } from '../storyteller.ts';
import { byId, create, formatMoney } from './dom.ts';
import { wireOperations } from './operations.ts';
import { shopper, text } from './shopper.ts';
import { Timeline, type TimelineEntry } from './timeline.ts';

export interface PaymentViewOptions {
  readonly canDispute: boolean;
  readonly tracesPath?: string | undefined;
  readonly onPayment: (payment: Payment) => void;
}

/** The panel "Behind the scenes": the payment's transactions and the timeline, from commercetools and Kafka. */
export class PaymentView {
  readonly #timeline: Timeline;
  readonly #onPayment: (payment: Payment) => void;
  /** Id of the followed payment. */
  #watched: string | undefined;
  #stream: EventSource | undefined;
  #payment: Payment | undefined;
  #isReachable = true;

  constructor({ canDispute, tracesPath, onPayment }: PaymentViewOptions) {
    this.#timeline = new Timeline(tracesPath);
    this.#onPayment = onPayment;
    wireOperations(
      () => this.#payment,
      (what, isFailure) => this.#showAnswer(what, isFailure),
    );
    for (const button of document.querySelectorAll<HTMLElement>('#operations [data-action="dispute"]'))
      button.hidden = !canDispute;
  }

  /** Follows this payment from now on; no change for the same payment. */
  watch(paymentReference: string): void {
    if (this.#watched === paymentReference) return;
    this.#follow(paymentReference);
    const stream = new EventSource(`/storefront/api/payments/${encodeURIComponent(paymentReference)}/stream`);
    this.#stream = stream;
    stream.addEventListener('payment', (event) => {
      this.#payment = JSON.parse(event.data) as Payment;
      this.render();
      this.#onPayment(this.#payment);
    });
    stream.addEventListener('story', (event) => this.#timeline.showStory(JSON.parse(event.data) as Story));
    stream.addEventListener('reachable', (event) => {
      this.#isReachable = (JSON.parse(event.data) as { commercetools: boolean }).commercetools;
      this.render();
    });
  }

  /** Forgets the payment, for the next order. */
  clear(): void {
    this.#isReachable = true;
    this.#timeline.clear();
    byId('operation-result').textContent = '';
    this.#follow(undefined);
  }

  #follow(paymentReference: string | undefined): void {
    this.#stream?.close();
    this.#watched = paymentReference;
    this.#payment = undefined;
    this.render();
  }

  note(entry: TimelineEntry): void {
    this.#timeline.note(entry);
  }

  #showAnswer(what: string, isFailure: boolean): void {
    const answer = byId('operation-result');
    answer.textContent = what;
    answer.dataset.state = isFailure ? 'failed' : 'done';
    this.note({ source: 'browser', from: 'POST /operations/payment-intents', what, tone: isFailure ? 'bad' : 'plain' });
  }

  /** Writes everything again, also after a change of language. */
  render(): void {
    byId('payment').hidden = this.#watched === undefined;
    byId('behind-hint').hidden = this.#watched !== undefined;
    byId('payment-id').textContent = this.#watched ? `${text('orderNumber')} ${this.#watched}` : '';
    byId('reachable').textContent = this.#isReachable ? '' : text('unreachable');
    const rows = (this.#payment?.transactions ?? []).map(rowOf);
    byId('transactions')
      .querySelector('tbody')
      ?.replaceChildren(...(rows.length > 0 ? rows : [emptyRow()]));
  }
}

function rowOf({ type, state, amount, interactionId = '' }: Payment['transactions'][number]): HTMLElement {
  const badge = create('span', { className: 'state', textContent: state });
  badge.dataset.state = state;
  const row = create(
    'tr',
    {},
    create('td', { textContent: type }),
    create('td', {}, badge),
    create('td', { className: 'num', textContent: formatMoney(amount, shopper.language) }),
    create('td', { className: 'mono', textContent: interactionId }),
  );
  row.dataset.type = type;
  row.dataset.state = state;
  return row;
}

const emptyRow = (): HTMLElement =>
  create('tr', {}, create('td', { colSpan: 4, className: 'muted', textContent: text('noTransactions') }));
