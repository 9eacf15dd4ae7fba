/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

type Attributes = Record<string, string | boolean | undefined>;

export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Ids are the plain names for the first element on a page, and numbered ones for a second. */
export function freeId(name: string): string {
  let id = name;
  for (let n = 2; document.getElementById(id); n += 1) id = `${name}-${n}`;
  return id;
}

export interface Appearance {
  theme?: string;
  variables?: Record<string, string | undefined>;
}

const THEMES: Record<string, Record<string, string>> = {
  stripe: {
    primary: '#0570de',
    background: '#ffffff',
    text: '#30313d',
    danger: '#b3093c',
    border: '#e0e3e8',
    muted: '#5f6673',
  },
  night: {
    primary: '#85d996',
    background: '#30313d',
    text: '#ffffff',
    danger: '#fe87a1',
    border: '#5a5d6b',
    muted: '#c7c9d1',
  },
  flat: {
    primary: '#0570de',
    background: '#f1f1f1',
    text: '#30313d',
    danger: '#b3093c',
    border: 'transparent',
    muted: '#5f6673',
  },
};

/** Puts the page's appearance variables on `root`, over those of the theme. */
export function dress(root: HTMLElement, appearance: Appearance | undefined): void {
  useStyles();
  const theme = THEMES[appearance?.theme ?? 'stripe'] ?? THEMES.stripe ?? {};
  const given = appearance?.variables ?? {};
  const values: Record<string, string | undefined> = {
    ...theme,
    primary: given.colorPrimary ?? theme.primary,
    background: given.colorBackground ?? theme.background,
    text: given.colorText ?? theme.text,
    danger: given.colorDanger ?? theme.danger,
    radius: given.borderRadius ?? '5px',
    font: given.fontFamily ?? 'system-ui, -apple-system, "Segoe UI", sans-serif',
    size: given.fontSizeBase ?? '16px',
    unit: given.spacingUnit ?? '4px',
  };
  for (const [name, value] of Object.entries(values)) if (value) root.style.setProperty(`--sjs-${name}`, value);
  root.classList.add('sjs');
}

const CSS = `
.sjs{font-family:var(--sjs-font);font-size:var(--sjs-size);color:var(--sjs-text);line-height:1.4;text-align:left}
.sjs *{box-sizing:border-box;font-family:inherit}
.sjs-tabs{display:flex;gap:calc(var(--sjs-unit)*2);flex-wrap:wrap;margin-bottom:calc(var(--sjs-unit)*3)}
.sjs-tabs.sjs-accordion{flex-direction:column}
.sjs-accordion .sjs-tab{flex:none}
.sjs-tab{flex:1 1 6rem;padding:calc(var(--sjs-unit)*3);border:1px solid var(--sjs-border);border-radius:var(--sjs-radius);background:var(--sjs-background);color:var(--sjs-text);font-size:.875em;font-weight:500;text-align:left;cursor:pointer}
.sjs-tab[aria-selected=true]{border-color:var(--sjs-primary);color:var(--sjs-primary);box-shadow:0 0 0 1px var(--sjs-primary)}
.sjs :is(input,button,select):focus-visible{outline:2px solid var(--sjs-primary);outline-offset:1px}
.sjs-panel{display:grid;grid-template-columns:1fr 1fr;gap:calc(var(--sjs-unit)*3)}
.sjs-field{display:block;grid-column:1/-1}
.sjs-field.sjs-half{grid-column:auto}
.sjs-label{display:block;font-size:.875em;margin-bottom:var(--sjs-unit)}
.sjs-input{width:100%;padding:calc(var(--sjs-unit)*3);border:1px solid var(--sjs-border);border-radius:var(--sjs-radius);background:var(--sjs-background);color:var(--sjs-text);font-size:1em}
.sjs-input::placeholder{color:var(--sjs-muted)}
.sjs-input[aria-invalid=true]{border-color:var(--sjs-danger);color:var(--sjs-danger)}
.sjs-row{display:grid;grid-template-columns:1fr 7em 5em;gap:var(--sjs-unit)}
.sjs-error{color:var(--sjs-danger);font-size:.8125em;margin-top:var(--sjs-unit)}
.sjs-error:empty{display:none}
.sjs-note{grid-column:1/-1;color:var(--sjs-muted);font-size:.8125em;margin:0}
.sjs-check{display:flex;gap:calc(var(--sjs-unit)*2);align-items:center;font-size:.875em;padding:calc(var(--sjs-unit)*2) 0;cursor:pointer}
.sjs-check input{flex:none;width:auto;height:auto;min-height:0;margin:0}
.sjs-saved{border:0;padding:0;margin:0 0 calc(var(--sjs-unit)*3)}
.sjs-saved legend{font-size:.875em;padding:0}
.sjs-wallet{width:100%;min-height:44px;border:0;border-radius:var(--sjs-radius);background:#111;color:#fff;font-size:1em;font-weight:600;cursor:pointer}
dialog.sjs{border:0;border-radius:12px;padding:24px;width:min(26rem,calc(100vw - 2rem));background:var(--sjs-background);box-shadow:0 20px 60px #0006}
dialog.sjs::backdrop{background:#0008}
dialog.sjs dl{display:grid;grid-template-columns:auto 1fr;gap:4px 16px;margin:.75em 0 1em}
dialog.sjs dt{color:var(--sjs-muted)}
dialog.sjs dd{margin:0;overflow-wrap:anywhere}
dialog.sjs h2{font-size:1.1em;margin:0 0 .5em}
.sjs-primary,.sjs-secondary{width:100%;padding:12px;margin-top:8px;border:1px solid transparent;border-radius:var(--sjs-radius);font-size:1em;font-weight:600;cursor:pointer}
.sjs-primary{background:#0a5bb8;color:#fff}
.sjs-secondary{background:transparent;border-color:var(--sjs-muted);color:var(--sjs-text)}
.sjs :disabled{opacity:.55;cursor:default}
.sjs-line{display:flex;justify-content:space-between;margin:.25em 0}
`;

let hasStyles = false;

/** A constructed sheet needs no exception in a page's content security policy. */
function useStyles(): void {
  if (hasStyles) return;
  hasStyles = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
