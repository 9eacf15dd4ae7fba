/** Measurements and failed checks. */
export class Findings {
  readonly figures: [name: string, value: string | number][] = [];
  readonly failures: string[] = [];
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  figure(name: string, value: string | number): void {
    this.figures.push([name, value]);
    this.#print(`${name}: ${value}`);
  }

  check(isTrue: boolean, sentence: string, detail: readonly string[] = []): void {
    this.#print(`${isTrue ? 'ok    ' : 'FAILED'} ${sentence}`);
    if (isTrue) return;
    this.failures.push([sentence, ...detail.slice(0, 20).map((line) => `    ${line}`)].join('\n'));
    for (const line of detail.slice(0, 20)) this.#print(`       ${line}`);
  }
}

export const lines = (text: string): string[] => text.trim().split('\n');
