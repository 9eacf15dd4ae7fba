/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { bindMethods } from './bound.ts';
import { IntegrationError } from './errors.ts';

type Handler = (event: never) => unknown;

/** What every element of Stripe.js has: a place on the page, and events. */
export abstract class BaseElement {
  readonly elementType: string;
  protected root: HTMLElement | null = null;
  protected isDestroyed = false;
  readonly #handlers = new Map<string, { handler: Handler; isOnce: boolean }[]>();
  readonly #onDestroy: () => void;

  constructor(elementType: string, onDestroy: () => void) {
    this.elementType = elementType;
    this.#onDestroy = onDestroy;
    bindMethods(this);
  }

  get isMounted(): boolean {
    return this.root !== null;
  }

  mount(target: string | HTMLElement): void {
    if (this.isDestroyed)
      throw new IntegrationError('This Element has already been destroyed. Please create a new one.');
    const node = typeof target === 'string' ? document.querySelector<HTMLElement>(target) : target;
    if (!node) {
      throw new IntegrationError(
        `The selector you specified (${String(target)}) applies to no DOM elements that are currently on the page. Make sure the element exists on the page before calling mount().`,
      );
    }
    if (this.root && this.root.parentElement === node) return;
    this.unmount();
    const root = document.createElement('div');
    root.classList.add('StripeElement');
    root.dataset.stripeElement = this.elementType;
    node.replaceChildren(root);
    this.root = root;
    this.emit('loaderstart', {});
    this.render(root);
  }

  unmount(): void {
    this.root?.remove();
    this.root = null;
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.unmount();
    this.isDestroyed = true;
    this.#handlers.clear();
    this.#onDestroy();
  }

  on(type: string, handler: Handler): this {
    return this.#add(type, handler, false);
  }

  once(type: string, handler: Handler): this {
    return this.#add(type, handler, true);
  }

  off(type: string, handler?: Handler): this {
    const left = handler ? (this.#handlers.get(type) ?? []).filter((entry) => entry.handler !== handler) : [];
    this.#handlers.set(type, left);
    return this;
  }

  focus(): void {
    this.root?.querySelector<HTMLElement>('input, button')?.focus();
  }

  blur(): void {
    if (this.root?.contains(document.activeElement)) (document.activeElement as HTMLElement).blur();
  }

  collapse(): void {}

  protected abstract render(root: HTMLElement): void;

  protected handles(type: string): boolean {
    return (this.#handlers.get(type)?.length ?? 0) > 0;
  }

  protected emit(type: string, event: object): void {
    for (const { handler, isOnce } of [...(this.#handlers.get(type) ?? [])]) {
      if (isOnce) this.off(type, handler);
      // A handler that fails is the page's problem, as with any event.
      try {
        handler({ elementType: this.elementType, ...event } as never);
      } catch (error) {
        reportError(error);
      }
    }
  }

  #add(type: string, handler: Handler, isOnce: boolean): this {
    if (typeof handler !== 'function')
      throw new IntegrationError(`Invalid handler for the ${type} event: it must be a function.`);
    const list = this.#handlers.get(type) ?? [];
    list.push({ handler, isOnce });
    this.#handlers.set(type, list);
    return this;
  }
}
