/// <reference lib="dom" />
import { create, freeId } from './dom.ts';
import type { SavedMethod } from './elements-context.ts';
import { labelOf } from './payment-fields.ts';
import type { Texts } from './texts.ts';

/** A tab for each method; the arrow keys lead from one to the next. */
export function methodTabs(
  types: readonly string[],
  selected: string,
  { isAccordion, texts, choose }: { isAccordion: boolean; texts: Texts; choose: (type: string) => void },
): HTMLElement {
  const tabs = create('div', { class: isAccordion ? 'sjs-tabs sjs-accordion' : 'sjs-tabs', role: 'tablist' });
  for (const type of types) {
    const tab = tabOf(type, type === selected, texts);
    tab.addEventListener('click', () => choose(type));
    tab.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const next = step && types[(types.indexOf(type) + step + types.length) % types.length];
      if (!next) return;
      event.preventDefault();
      choose(next);
    });
    tabs.append(tab);
  }
  return tabs;
}

const tabOf = (type: string, isSelected: boolean, texts: Texts) =>
  create(
    'button',
    {
      type: 'button',
      role: 'tab',
      class: 'sjs-tab',
      id: freeId(`${type}-tab`),
      'data-method': type,
      'aria-selected': String(isSelected),
      tabindex: isSelected ? '0' : '-1',
    },
    labelOf(type, texts),
  );

/** What the customer saved, and the form as one choice more; `choose` gets null for the form. */
export function savedMethods(
  saved: readonly SavedMethod[],
  chosen: SavedMethod | null,
  texts: Texts,
  choose: (method: SavedMethod | null) => void,
): HTMLElement {
  const list = create('fieldset', { class: 'sjs-saved' }, create('legend', {}, texts.saved));
  const name = freeId('saved-payment-method');
  for (const method of [...saved, null]) {
    const input = create('input', {
      type: 'radio',
      name,
      value: method?.id ?? '',
      id: freeId(method ? `saved-${method.id}` : 'saved-none'),
    });
    input.checked = method === chosen;
    input.addEventListener('change', () => choose(method));
    list.append(create('label', { class: 'sjs-check' }, input, method ? nameOf(method) : texts.another));
  }
  return list;
}

const nameOf = ({ card, sepa_debit: sepa }: SavedMethod): string =>
  card
    ? `${card.brand[0]?.toUpperCase()}${card.brand.slice(1)} •••• ${card.last4} (${card.exp_month}/${card.exp_year % 100})`
    : `SEPA •••• ${sepa?.last4 ?? ''}`;
