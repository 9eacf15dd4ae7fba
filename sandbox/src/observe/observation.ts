import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Installation } from '@connector/monitoring';
import { startTraceReceiver } from './otlp.ts';
import { createTraceStore, type TraceStore } from './trace-store.ts';
import { traceList, traceText } from './trace-tree.ts';

/** The sandbox's values for the placeholders of rules and dashboards. */
export const INSTALLATION: Installation = {
  namespace: 'sandbox',
  release: 'sandbox',
  runbookBaseUrl: 'docs/runbooks',
  dashboardBaseUrl: 'charts/stripe-connector/files/dashboards',
};

export const TRACES_PATH = '/_sandbox/traces';
const LISTED = 50;

export interface Traces {
  readonly store: TraceStore;
  /** Variables that make the services send every span here. */
  readonly env: Readonly<Record<string, string>>;
  /** Answers `/_sandbox/traces`, `/_sandbox/traces/<id>`; true when the request was one of these. */
  handle(req: IncomingMessage, res: ServerResponse): boolean;
  stop(): Promise<void>;
}

/** Collects the traces of all services and shows them as text. */
export async function collectTraces(): Promise<Traces> {
  const store = createTraceStore();
  const receiver = await startTraceReceiver(store);
  const withSpans = (ids: readonly string[]) => ids.map((id) => ({ id, spans: store.spansOf(id) }));
  return {
    store,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_TRACES_SAMPLER_ARG: '1',
      OTEL_BSP_SCHEDULE_DELAY: '500',
    },
    handle(req, res) {
      const { pathname, searchParams } = new URL(req.url ?? '/', 'http://sandbox');
      if (req.method !== 'GET' || (pathname !== TRACES_PATH && !pathname.startsWith(`${TRACES_PATH}/`))) return false;
      const asked = decodeURIComponent(pathname.slice(TRACES_PATH.length + 1)) || searchParams.get('of');
      if (!asked) return text(res, 200, `${traceList(withSpans(store.latest().slice(-LISTED)))}\n`);
      const found = store.spansOf(asked).length > 0 ? [asked] : store.find(asked);
      if (found.length === 0)
        return text(res, 404, `There is no trace ${asked}, and none with this id in it. It may arrive in a second.\n`);
      return text(
        res,
        200,
        withSpans(found)
          .map(({ id, spans }) => traceText(id, spans))
          .join('\n'),
      );
    },
    stop: receiver.stop,
  };
}

function text(res: ServerResponse, status: number, body: string): true {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(body);
  return true;
}
