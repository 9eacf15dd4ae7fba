/** A copy, as it comes out of an HTTP answer: twice as fast as structuredClone, which counts in property tests. */
export const copyOf = <T>(value: T): T => (value === undefined ? value : JSON.parse(JSON.stringify(value)));
