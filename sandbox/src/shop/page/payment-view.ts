import type { Told } from '../live.ts';
import type { Payment } from '../merchant.ts';
import { callBackend } from './api.ts';
import { byId, create, formatMoney, parseAmount } from './dom.ts';
import type { Language, TextKey } from './texts.ts';

type Tone = 'good' | 'wait' | 'bad' | 'plain';
export interface TimelineEntry {
  source: 'browser' | 'kafka' | 'commercetools' | 'stripe';
  from: string;
  what: string;
  tone: Tone;
  time?: string;
  traceId?: string | undefined;
}

const TONES: Record<string, Tone> = { Success: 'good', Pending: 'wait', Initial: 'wait', Failure: 'bad' };

/** A line of the ledger's story as an entry: transactions in the colour of their state, dead letters as what they are. */
function entryOf({ at, where, what, traceId }: Told['lines'][number]): TimelineEntry {
  const [, state = ''] = /^(?:Authorization|CancelAuthorization|Charge|Chargeback|Refund) (\w+)/.exec(what) ?? [];
  const tone = what.startsWith('dead letter') ? 'bad' : (TONES[state] ?? 'plain');
  return { source: where.toLowerCase() as TimelineEntry['source'], from: where, what, tone, time: at, traceId };
}

export interface PaymentView {
  /** Follows this payment from now on; the same one again changes nothing. */
  watch(paymentReference: string): void;
  /** Forgets the payment, for the next order. */
  clear(): void;
  note(entry: TimelineEntry): void;
  /** Writes everything again after the language changed. */
  render(): void;
}

/** The panel behind the scenes: the payment's transactions and the timeline, as commercetools and Kafka tell them. */
export function createPaymentView(
  page: {
    language: () => Language;
    text: (key: TextKey) => string;
    canDispute: boolean;
    tracesPath?: string | undefined;
  },
  onPayment: (payment: Payment) => void,
): PaymentView {
  let watched: string | undefined;
  let source: EventSource | undefined;
  let payment: Payment | undefined;
  let isReachable = true;

  const timeline = byId('timeline');
  const told = new Map<string, HTMLElement>();
  const money = (amount: Payment['amountPlanned']) => formatMoney(amount, page.language());

  /** By which the logs and traces of all services are found; a link where the sandbox keeps traces. */
  function traceOf(traceId: string): HTMLElement {
    const { tracesPath } = page;
    const shown = tracesPath
      ? create('a', { href: `${tracesPath}/${traceId}`, target: '_blank', textContent: traceId })
      : create('span', { textContent: traceId });
    return create('span', { className: 'trace' }, 'trace ', shown);
  }

  function itemOf({ source: from, from: where, what, tone, traceId }: TimelineEntry, at: string): HTMLElement {
    const item = create(
      'li',
      {},
      create('time', {
        dateTime: at,
        textContent: new Date(at).toLocaleTimeString(page.language(), {
          hour: '2-digit',
          minute: '2-digit',
          second: '2-digit',
          fractionalSecondDigits: 2,
          hourCycle: 'h23',
        }),
      }),
      create(
        'div',
        { className: 'what' },
        what,
        create('span', { className: 'from', textContent: where }),
        ...(traceId ? [traceOf(traceId)] : []),
      ),
    );
    item.dataset.source = from;
    item.dataset.state = tone;
    return item;
  }

  function note(entry: TimelineEntry): HTMLElement {
    const at = (entry.time ? new Date(entry.time) : new Date()).toISOString();
    const item = itemOf(entry, at);
    // What happened before the page began to watch is shown after it.
    const earlier = [...timeline.children].findLast((other) => (other.querySelector('time')?.dateTime ?? '') <= at);
    if (earlier) earlier.after(item);
    else timeline.prepend(item);
    timeline.scrollTop = timeline.scrollHeight;
    return item;
  }

  /** Lines come and go with what is known: a Pending that became a Success is one line. */
  function tellStory({ lines, verdict }: Told): void {
    const wanted = new Map(lines.map((line) => [`${line.at} ${line.where} ${line.what}`, line]));
    for (const [key, item] of told) {
      if (wanted.has(key)) continue;
      item.remove();
      told.delete(key);
    }
    for (const [key, line] of wanted) if (!told.has(key)) told.set(key, note(entryOf(line)));
    const sentence = byId('verdict');
    sentence.textContent = verdict?.sentence ?? '';
    sentence.dataset.state = verdict && !verdict.isWell ? 'failed' : 'done';
  }

  function render(): void {
    byId('payment').hidden = watched === undefined;
    byId('behind-hint').hidden = watched !== undefined;
    byId('payment-id').textContent = watched ? `${page.text('orderNumber')} ${watched}` : '';
    byId('reachable').textContent = isReachable ? '' : page.text('unreachable');
    const rows = (payment?.transactions ?? []).map((transaction) => {
      const state = create('span', { className: 'state', textContent: transaction.state });
      state.dataset.state = transaction.state;
      const row = create(
        'tr',
        {},
        create('td', { textContent: transaction.type }),
        create('td', {}, state),
        create('td', { className: 'num', textContent: money(transaction.amount) }),
        create('td', { className: 'mono', textContent: transaction.interactionId ?? '' }),
      );
      row.dataset.type = transaction.type;
      row.dataset.state = transaction.state;
      return row;
    });
    const nothing = create(
      'tr',
      {},
      create('td', { colSpan: 4, className: 'muted', textContent: page.text('noTransactions') }),
    );
    byId('transactions')
      .querySelector('tbody')
      ?.replaceChildren(...(rows.length > 0 ? rows : [nothing]));
  }

  function show(next: Payment): void {
    payment = next;
    render();
    onPayment(next);
  }

  const form = byId<HTMLFormElement>('operations');
  const answer = byId('operation-result');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = event.submitter as HTMLButtonElement | null;
    const action = button?.dataset.action;
    if (!action || !watched || !payment) return;
    const typed = byId<HTMLInputElement>('operation-amount').value;
    const amount = typed.trim() === '' ? undefined : parseAmount(typed, payment.amountPlanned.fractionDigits);
    if (typed.trim() !== '' && amount === undefined) {
      byId('operation-amount').focus();
      return;
    }
    if (button) button.disabled = true;
    const named = button?.textContent ?? action;
    const path = `/storefront/api/payments/${encodeURIComponent(watched)}/operations`;
    callBackend<{ outcome?: string }>('POST', path, { action, ...(amount !== undefined && { amount }) })
      .then(
        ({ outcome }) => showAnswer(`${named}: ${outcome ?? 'ok'}`, outcome === 'rejected'),
        (error: Error) => showAnswer(`${named}: ${error.message}`, true),
      )
      .finally(() => {
        if (button) button.disabled = false;
      });
  });
  function showAnswer(what: string, isFailure: boolean): void {
    answer.textContent = what;
    answer.dataset.state = isFailure ? 'failed' : 'done';
    note({ source: 'browser', from: 'POST /operations/payment-intents', what, tone: isFailure ? 'bad' : 'plain' });
  }
  for (const button of form.querySelectorAll<HTMLElement>('[data-action="dispute"]')) button.hidden = !page.canDispute;

  return {
    note: (entry) => void note(entry),
    render,
    watch(paymentReference) {
      if (watched === paymentReference) return;
      source?.close();
      watched = paymentReference;
      payment = undefined;
      render();
      source = new EventSource(`/storefront/api/payments/${encodeURIComponent(paymentReference)}/stream`);
      source.addEventListener('payment', (event) => show(JSON.parse(event.data) as Payment));
      source.addEventListener('story', (event) => tellStory(JSON.parse(event.data) as Told));
      source.addEventListener('reachable', (event) => {
        const { commercetools } = JSON.parse(event.data) as { commercetools: boolean };
        isReachable = commercetools;
        render();
      });
    },
    clear() {
      source?.close();
      watched = undefined;
      payment = undefined;
      isReachable = true;
      timeline.replaceChildren();
      told.clear();
      byId('verdict').textContent = '';
      answer.textContent = '';
      render();
    },
  };
}
