import type { StoredSpan } from './trace-store.ts';

/** The attributes of a span that are shown on its line, in this order: outcome, then ids. */
const SHOWN: readonly [attribute: string, name: string][] = [
  ['http.response.status_code', ''],
  ['error.type', ''],
  ['connector.outcome', ''],
  ['connector.attempt', 'try'],
  ['stripe.event.type', ''],
  ['stripe.event.id', ''],
  ['messaging.destination.partition.id', 'partition'],
  ['messaging.kafka.offset', 'offset'],
  ['commercetools.payment.id', 'payment'],
  ['stripe.payment_intent.id', ''],
];

interface Node {
  readonly span: StoredSpan;
  readonly children: Node[];
}

/** The spans as a tree of causes. A span whose cause is missing stands beside the roots. */
export function treeOf(spans: readonly StoredSpan[]): Node[] {
  const nodes = new Map(spans.map((span) => [span.spanId, { span, children: [] as Node[] }]));
  const roots: Node[] = [];
  for (const node of [...nodes.values()].toSorted((a, b) => a.span.startMs - b.span.startMs)) {
    const parent = node.span.parentSpanId === undefined ? undefined : nodes.get(node.span.parentSpanId);
    (parent?.children ?? roots).push(node);
  }
  return roots;
}

/**
 * A trace as text: one line for each span, indented under its cause, with the start relative to the trace's and the
 * duration, in ms. `!` marks a failed span.
 */
export function traceText(traceId: string, spans: readonly StoredSpan[]): string {
  const begin = Math.min(...spans.map(({ startMs }) => startMs));
  const end = Math.max(...spans.map(({ endMs }) => endMs));
  const services = [...new Set(spans.map(({ service }) => service))];
  /** Ids are shown only where they first appear. */
  const told = new Set<unknown>();
  const lines: { at: string; took: string; what: string; notes: string }[] = [];
  const draw = ({ span, children }: Node, first: string, rest: string) => {
    lines.push({
      at: (span.startMs - begin).toFixed(1),
      took: (span.endMs - span.startMs).toFixed(1),
      what: `${span.isFailed ? '!' : ' '}${first}${span.service}: ${span.name}`,
      notes: notesOf(span, told),
    });
    for (const [index, child] of children.entries()) {
      const isLast = index === children.length - 1;
      draw(child, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`);
    }
  };
  for (const root of treeOf(spans)) draw(root, '', '');
  const width = (of: 'at' | 'took' | 'what') => Math.max(of.length, ...lines.map((line) => line[of].length));
  const [at, took, what] = [width('at'), width('took'), width('what')];
  return [
    `trace ${traceId}: ${spans.length} spans of ${services.join(', ')}; ${(end - begin).toFixed(1)} ms`,
    '',
    `${'at'.padStart(at)}  ${'took'.padStart(took)}  span`,
    ...lines.map((line) =>
      `${line.at.padStart(at)}  ${line.took.padStart(took)} ${line.what.padEnd(what)}  ${line.notes}`.trimEnd(),
    ),
    '',
  ].join('\n');
}

const notesOf = ({ attributes }: StoredSpan, told: Set<unknown>): string =>
  SHOWN.flatMap(([attribute, name]) => {
    const value = attributes[attribute];
    if (value === undefined || told.has(value)) return [];
    if (attribute.endsWith('.id') && typeof value === 'string' && !attribute.startsWith('messaging.')) told.add(value);
    return [name ? `${name} ${value}` : String(value)];
  }).join('  ');

/** One line for each trace, the latest last: its id, its start, its length, and its first span. */
export function traceList(traces: readonly { id: string; spans: readonly StoredSpan[] }[]): string {
  return traces
    .map(({ id, spans }) => {
      const [root] = treeOf(spans);
      const begin = Math.min(...spans.map(({ startMs }) => startMs));
      const end = Math.max(...spans.map(({ endMs }) => endMs));
      const time = new Date(begin).toISOString().slice(11, 23);
      const ms = `${(end - begin).toFixed(0)} ms`.padStart(8);
      return `${id}  ${time}  ${ms}  ${String(spans.length).padStart(3)} spans  ${root?.span.service}: ${root?.span.name}`;
    })
    .join('\n');
}
