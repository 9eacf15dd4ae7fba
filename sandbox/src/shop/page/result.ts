import { byId, create } from './dom.ts';
import { text } from './shopper.ts';
import type { TextKey } from './texts.ts';

export type ResultState = 'idle' | 'paying' | 'approved' | 'pending' | 'failed';

const TITLES: Record<ResultState, TextKey | null> = {
  idle: null,
  paying: 'paying',
  approved: 'approved',
  pending: 'pending',
  failed: 'failed',
};

/** The result of the checkout, and its buttons. */
export class Result {
  readonly #box = byId('result');
  readonly #hasForm: () => boolean;
  #state: ResultState = 'idle';
  #title: TextKey | null = null;
  #more: () => string = () => '';
  /** No form is left, so another try begins with a new checkout. */
  #isSpent = false;

  constructor(hasForm: () => boolean) {
    this.#hasForm = hasForm;
  }

  get state(): ResultState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state === 'approved' || this.#state === 'pending';
  }

  /** `more` is called again when the language changes. */
  show(next: ResultState, more: () => string = () => '', title: TextKey | null = TITLES[next]): void {
    this.#isSpent = next === 'failed' && (this.isOver || !this.#hasForm());
    this.#state = next;
    this.#title = title;
    this.#more = more;
    this.render();
    if (next === 'paying') byId<HTMLButtonElement>('pay').disabled = true;
  }

  render(): void {
    this.#box.dataset.state = this.#state;
    const title = this.#title ? [create('strong', { textContent: text(this.#title) })] : [];
    this.#box.replaceChildren(...title, this.#more());
    const again = byId('again');
    again.hidden = !(this.isOver || this.#isSpent);
    byId('pay').hidden = !again.hidden;
    const label = this.#isSpent ? 'retry' : 'newOrder';
    again.dataset.t = label;
    again.textContent = text(label);
    byId<HTMLFieldSetElement>('stored').disabled = this.isOver;
    if (this.isOver) for (const id of ['express', 'payment-element']) byId(id).hidden = true;
  }
}
