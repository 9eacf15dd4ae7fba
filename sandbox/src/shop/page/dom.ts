/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** The element with this id. Throws Error when the page lacks it, which is a bug of the page. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no #${id}.`);
  return element as E;
}

export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Money in minor units, in the format of that language. */
export function formatMoney(
  money: { centAmount: number; currencyCode: string; fractionDigits: number },
  language: string,
): string {
  const { centAmount, currencyCode, fractionDigits } = money;
  const format = new Intl.NumberFormat(language, {
    style: 'currency',
    currency: currencyCode,
    minimumFractionDigits: fractionDigits,
  });
  return format.format(centAmount / 10 ** fractionDigits);
}

/** Minor units of a typed text (`12.50`, `12,5`); undefined when it is not an amount of that currency. */
export function parseAmount(typed: string, fractionDigits: number): number | undefined {
  const match = /^(\d+)(?:[.,](\d+))?$/.exec(typed.trim());
  if (!match) return undefined;
  const decimals = match[2] ?? '';
  if (decimals.length > fractionDigits) return undefined;
  return Number(`${match[1]}${decimals.padEnd(fractionDigits, '0')}`);
}
