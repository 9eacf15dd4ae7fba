/** The result of a check. `todo` says what to do about a warning or failure. */
export interface Finding {
  readonly check: string;
  /** `unknown`: it cannot be known from here, which is no failure. */
  readonly result: 'ok' | 'warn' | 'fail' | 'unknown';
  readonly found: string;
  readonly todo?: string;
}

/** A check of one thing at one side. Its findings contain no secret. */
export interface Check {
  readonly name: string;
  /** Resolves with the findings; anything it throws is a failure of the check. */
  run(): Promise<Finding | readonly Finding[]>;
}

export interface Area {
  readonly name: string;
  readonly checks: readonly Check[];
}

export interface AreaFindings {
  readonly area: string;
  readonly findings: readonly Finding[];
}

export const ok = (check: string, found: string): Finding => ({ check, result: 'ok', found });
export const warn = (check: string, found: string, todo: string): Finding => ({ check, result: 'warn', found, todo });
export const fail = (check: string, found: string, todo: string): Finding => ({ check, result: 'fail', found, todo });
export const unknown = (check: string, found: string): Finding => ({ check, result: 'unknown', found });

/**
 * `message`, completed with the connection error behind `error`, such as ENOTFOUND, if the message does not contain it.
 */
export function withCause(message: string, error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && /^E[A-Z_]+$|CERT|^UNABLE_|^SELF_SIGNED|^DEPTH_/.test(code))
      return message.includes(code) ? message : `${message} (${code})`;
  }
  return message;
}

/**
 * Runs all checks at the same time, each for at most `limitMs`; the findings keep the order of the checks. `explain`
 * turns an error into text.
 */
export function runCheckup(
  areas: readonly Area[],
  { limitMs, explain }: { limitMs: number; explain: (error: unknown) => string },
): Promise<AreaFindings[]> {
  const run = async ({ name, run }: Check): Promise<readonly Finding[]> => {
    const late = Promise.withResolvers<Finding>();
    const timer = setTimeout(
      () =>
        late.resolve(
          fail(name, `no answer within ${limitMs / 1000} s`, 'Look at the network path: DNS, proxies, egress rules.'),
        ),
      limitMs,
    );
    try {
      return [await Promise.race([run(), late.promise])].flat();
    } catch (error) {
      return [
        fail(
          name,
          explain(error),
          'See the message; where it names no cause, look at the network path and the credentials.',
        ),
      ];
    } finally {
      clearTimeout(timer);
    }
  };
  return Promise.all(
    areas.map(async ({ name, checks }) => ({ area: name, findings: (await Promise.all(checks.map(run))).flat() })),
  );
}

export const countOf = (all: readonly AreaFindings[], result: Finding['result']): number =>
  all.flatMap(({ findings }) => findings).filter((finding) => finding.result === result).length;

const WORD = { ok: 'ok', warn: 'WARN', fail: 'FAIL', unknown: '?' } as const;

/** The findings as a table for people: result, check, finding, and below it what to do. Ends with the counts. */
export function checkupTable(all: readonly AreaFindings[]): string {
  if (all.length === 0) return 'nothing to look at';
  const width = Math.max(...all.flatMap(({ findings }) => findings.map(({ check }) => check.length)), 5);
  const indent = ' '.repeat(width + 10);
  const lines = all.flatMap(({ area, findings }) => [
    area,
    ...findings.flatMap(({ check, result, found, todo }) => [
      `  ${WORD[result].padEnd(4)}  ${check.padEnd(width)}  ${found}`,
      ...(todo && result !== 'ok' ? [`${indent}-> ${todo}`] : []),
    ]),
    '',
  ]);
  const counts = [
    `${countOf(all, 'ok')} ok`,
    `${countOf(all, 'warn')} to look at`,
    `${countOf(all, 'fail')} failed`,
    `${countOf(all, 'unknown')} cannot be known from here`,
  ];
  return [...lines, counts.join(', ')].join('\n');
}
