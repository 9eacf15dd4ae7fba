/** One plot: lines over a common x. */
export interface Plot {
  readonly title: string;
  readonly x: { readonly label: string; readonly scale: 'linear' | 'log' };
  readonly y: { readonly label: string };
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT] = [560, 320];
const FRAME = { left: 64, right: 18, top: 56, bottom: 46 };
const COLOURS = ['var(--one)', 'var(--two)', 'var(--three)', 'var(--four)', 'var(--five)'];
/** More points than this are a curve, and need no dots. */
const DOTS = 12;

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

const told = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 10_000) return `${Number((value / 1000).toPrecision(3)).toLocaleString('en')}k`;
  return Number(value.toPrecision(size >= 1000 ? 4 : 3)).toLocaleString('en');
};

/** Round numbers from 0 to above `max`, some five of them. */
export function ticksTo(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / 4;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * magnitude).find((each) => each >= rough) ?? 10 * magnitude;
  return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, at) => at * step);
}

/** As an SVG element whose colours are those of the page around it. */
export function svgOf(plot: Plot): string {
  const { title, x, y, series } = plot;
  const axes = axesOf(plot);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<text class="title" x="${FRAME.left}" y="22">${escaped(title)}</text>`,
    ...legendOf(series),
    ...gridOf(axes),
    `<text class="label" text-anchor="middle" x="${(FRAME.left + WIDTH - FRAME.right) / 2}" y="${HEIGHT - 8}">${escaped(x.label)}</text>`,
    `<text class="label" text-anchor="middle" transform="translate(14 ${(FRAME.top + HEIGHT - FRAME.bottom) / 2}) rotate(-90)">${escaped(y.label)}</text>`,
    ...series.map(({ points }, at) => lineOf(points, COLOURS[at % COLOURS.length] as string, axes)),
    '</svg>',
  ].join('\n');
}

/** Where a value is on the plot, and which values are named beside it. */
interface Axes {
  readonly xAt: (value: number) => number;
  readonly yAt: (value: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

function axesOf({ x, series }: Plot): Axes {
  const points = series.flatMap(({ points: some }) => some).filter(([, value]) => Number.isFinite(value));
  const xs = [...new Set(points.map(([at]) => at))].sort((a, b) => a - b);
  const [first = 0, last = 1] = [xs[0], xs.at(-1)];
  const yTicks = ticksTo(Math.max(0, ...points.map(([, value]) => value)));
  const top = yTicks.at(-1) as number;
  const scaled = (value: number) => (x.scale === 'log' ? Math.log(value) : value);
  const span = scaled(last) - scaled(first) || 1;
  return {
    xAt: (value) => FRAME.left + ((scaled(value) - scaled(first)) / span) * (WIDTH - FRAME.left - FRAME.right),
    yAt: (value) => HEIGHT - FRAME.bottom - (value / top) * (HEIGHT - FRAME.top - FRAME.bottom),
    xTicks: xs.length <= DOTS ? xs : ticksTo(last).filter((value) => value >= first && value <= last),
    yTicks,
  };
}

const place = (at: number): string => at.toFixed(1);

const gridOf = ({ xAt, yAt, xTicks, yTicks }: Axes): string[] => [
  ...yTicks.map(
    (value) =>
      `<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${place(yAt(value))}" y2="${place(yAt(value))}"/>` +
      `<text class="tick" text-anchor="end" x="${FRAME.left - 8}" y="${place(yAt(value) + 4)}">${told(value)}</text>`,
  ),
  ...xTicks.map(
    (value) =>
      `<text class="tick" text-anchor="middle" x="${place(xAt(value))}" y="${HEIGHT - FRAME.bottom + 18}">${told(value)}</text>`,
  ),
];

function lineOf(points: Series['points'], colour: string, { xAt, yAt }: Axes): string {
  const drawn = points.filter(([, value]) => Number.isFinite(value));
  const path = drawn.map(([px, py], nth) => `${nth === 0 ? 'M' : 'L'}${place(xAt(px))} ${place(yAt(py))}`).join('');
  const dots = (drawn.length > DOTS ? [] : drawn).map(
    ([px, py]) =>
      `<circle cx="${place(xAt(px))}" cy="${place(yAt(py))}" r="3.5" fill="${colour}"><title>${told(px)}: ${told(py)}</title></circle>`,
  );
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${dots.length > 0 ? 2 : 1.5}" stroke-linejoin="round"/>${dots.join('')}`;
}

function legendOf(series: readonly Series[]): string[] {
  let from = FRAME.left;
  return series.map(({ name }, at) => {
    const entry =
      `<rect x="${from}" y="35" width="10" height="10" rx="2" fill="${COLOURS[at % COLOURS.length]}"/>` +
      `<text class="legend" x="${from + 15}" y="44">${escaped(name)}</text>`;
    from += 34 + 6.6 * name.length;
    return entry;
  });
}

export interface PlottedPage {
  readonly title: string;
  /** Where, when and by what. */
  readonly measured: string;
  readonly groups: readonly { readonly title: string; readonly text: string; readonly plots: readonly Plot[] }[];
}

const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --text: #1d2330; --soft: #5d6678; --grid: #e3e6ec;
  --one: #3657d6; --two: #d0582a; --three: #1d8a63; --four: #8b46b8; --five: #8a6d12; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171e; --text: #e6e9f0; --soft: #9aa3b5; --grid: #2b303c;
  --one: #8aa4ff; --two: #ff9b70; --three: #5fd0a4; --four: #cf9bf2; --five: #dcc069; } }
body { margin: 0 auto; max-width: 1180px; padding: 24px; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 18px; margin: 28px 0 0; } p { margin: 4px 0 8px; color: var(--soft); max-width: 90ch; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 12px; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg .title { font-size: 14px; font-weight: 600; fill: var(--text); } svg .legend { fill: var(--text); }
svg .tick, svg .label { fill: var(--soft); } svg .grid { stroke: var(--grid); }`;

/** A page of its own: nothing on it comes from the network. */
export function pageOf({ title, measured, groups }: PlottedPage): string {
  const sections = groups.map(
    (group) =>
      `<section><h2>${escaped(group.title)}</h2><p>${escaped(group.text)}</p><div class="plots">\n${group.plots.map(svgOf).join('\n')}\n</div></section>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(title)}</h1><p>${escaped(measured)}</p>
${sections.join('\n')}
</body>
</html>
`;
}
