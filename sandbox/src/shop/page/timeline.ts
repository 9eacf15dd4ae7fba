import type { Story } from '../storyteller.ts';
import { byId, create } from './dom.ts';
import { shopper } from './shopper.ts';

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

/** A line of the ledger's story as an entry: transactions in the colour of their state, dead letters marked as such. */
function entryOf({ at, where, what, traceId }: Story['lines'][number]): TimelineEntry {
  const [, state = ''] = /^(?:Authorization|CancelAuthorization|Charge|Chargeback|Refund) (\w+)/.exec(what) ?? [];
  const tone = what.startsWith('dead letter') ? 'bad' : (TONES[state] ?? 'plain');
  return { source: where.toLowerCase() as TimelineEntry['source'], from: where, what, tone, time: at, traceId };
}

/** The events of a payment, in order of time, from the browser and from the ledger. */
export class Timeline {
  readonly #list = byId('timeline');
  readonly #verdict = byId('verdict');
  /** The lines of the story on the page, by their text. */
  readonly #lines = new Map<string, HTMLElement>();
  readonly #tracesPath: string | undefined;

  constructor(tracesPath: string | undefined) {
    this.#tracesPath = tracesPath;
  }

  note(entry: TimelineEntry): HTMLElement {
    const at = (entry.time ? new Date(entry.time) : new Date()).toISOString();
    const item = itemOf(entry, at, this.#tracesPath);
    // Events from before the page began to watch are shown after it.
    const earlier = [...this.#list.children].findLast((other) => (other.querySelector('time')?.dateTime ?? '') <= at);
    if (earlier) earlier.after(item);
    else this.#list.prepend(item);
    this.#list.scrollTop = this.#list.scrollHeight;
    return item;
  }

  /** Lines are added and removed with new knowledge: a Pending that became a Success is one line. */
  showStory({ lines, verdict }: Story): void {
    const wanted = new Map(lines.map((line) => [`${line.at} ${line.where} ${line.what}`, line]));
    for (const [key, item] of this.#lines) {
      if (wanted.has(key)) continue;
      item.remove();
      this.#lines.delete(key);
    }
    for (const [key, line] of wanted) if (!this.#lines.has(key)) this.#lines.set(key, this.note(entryOf(line)));
    this.#verdict.textContent = verdict?.sentence ?? '';
    this.#verdict.dataset.state = verdict && !verdict.isWell ? 'failed' : 'done';
  }

  clear(): void {
    this.#list.replaceChildren();
    this.#lines.clear();
    this.#verdict.textContent = '';
  }
}

function itemOf({ source, from, what, tone, traceId }: TimelineEntry, at: string, tracesPath?: string): HTMLElement {
  const sender = create('span', { className: 'from', textContent: from });
  const trace = traceId ? [traceOf(traceId, tracesPath)] : [];
  const time = create('time', { dateTime: at, textContent: timeOfDay(at) });
  const item = create('li', {}, time, create('div', { className: 'what' }, what, sender, ...trace));
  item.dataset.source = source;
  item.dataset.state = tone;
  return item;
}

/** The trace id, which finds the logs and traces of all services; a link when the sandbox keeps traces. */
function traceOf(traceId: string, tracesPath?: string): HTMLElement {
  const shown = tracesPath
    ? create('a', { href: `${tracesPath}/${traceId}`, target: '_blank', textContent: traceId })
    : create('span', { textContent: traceId });
  return create('span', { className: 'trace' }, 'trace ', shown);
}

const timeOfDay = (at: string): string =>
  new Date(at).toLocaleTimeString(shopper.language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 2,
    hourCycle: 'h23',
  });
