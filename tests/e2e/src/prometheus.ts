/** One series of an answer: its labels, and its samples as [Unix time in s, value]. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [time: number, value: number])[];
}

interface Answer {
  status: 'success' | 'error';
  error?: string;
  data: {
    resultType: string;
    result: { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }[];
  };
}

/** What is asked of a Prometheus by its HTTP API. */
export class Prometheus {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The series of an expression at each `stepS` from `begin` to `end` (Unix time in s); without samples that are no numbers. Throws Error when it is refused. */
  async range(expr: string, begin: number, end: number, stepS: number): Promise<Series[]> {
    const query = new URLSearchParams({ query: expr, start: String(begin), end: String(end), step: String(stepS) });
    return this.#ask('query_range', query);
  }

  /** The series of an expression now. */
  now = (expr: string): Promise<Series[]> => this.#ask('query', new URLSearchParams({ query: expr }));

  /** Names of the alerts that fire now. */
  async firing(): Promise<Set<string>> {
    const series = await this.now('ALERTS{alertstate="firing"}');
    return new Set(series.map(({ labels }) => labels.alertname ?? ''));
  }

  async #ask(path: string, query: URLSearchParams): Promise<Series[]> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`, {
      method: 'POST',
      body: query,
      signal: AbortSignal.timeout(20_000),
    });
    const { status, error, data } = (await answer.json()) as Answer;
    if (status !== 'success') throw new Error(`${query.get('query')}: ${error}`);
    if (data.resultType === 'scalar') return [];
    return data.result
      .map(({ metric, values, value }) => ({
        labels: metric,
        samples: (values ?? (value ? [value] : []))
          .map(([time, text]) => [time, Number(text)] as const)
          .filter(([, number]) => !Number.isNaN(number)),
      }))
      .filter(({ samples }) => samples.length > 0);
  }
}
