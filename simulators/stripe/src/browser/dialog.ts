/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { type Appearance, create, dress } from './dom.ts';
import type { Texts } from './texts.ts';

/** Shows the bank's test dialog; resolves with the shopper's choice. */
export function askForAuthentication(texts: Texts, appearance: Appearance | undefined): Promise<'complete' | 'fail'> {
  return new Promise((resolve) => {
    const dialog = create('dialog', { id: 'threeds-dialog', 'aria-label': texts.threeDSecure });
    dress(dialog, appearance);
    const button = (id: string, label: string, style: string, outcome: 'complete' | 'fail'): HTMLButtonElement => {
      const element = create('button', { type: 'button', id, class: style }, label);
      element.addEventListener('click', () => {
        dialog.close();
        dialog.remove();
        resolve(outcome);
      });
      return element;
    };
    dialog.append(
      create('h2', {}, texts.threeDSecure),
      create('p', {}, texts.threeDSecureNote),
      button('threeds-complete', texts.complete, 'sjs-primary', 'complete'),
      button('threeds-fail', texts.fail, 'sjs-secondary', 'fail'),
    );
    // A bank's page can't be waved away either.
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
  });
}
