/** Of how long things took, in ms. */
export interface Latency {
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
}

/** The value that this share of them does not exceed; NaN of none. */
export const percentile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;

export const median = (values: readonly number[]): number =>
  percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

export function latencyOf(values: readonly number[]): Latency {
  const ascending = values.toSorted((a, b) => a - b);
  return { samples: values.length, p50: percentile(ascending, 0.5), p99: percentile(ascending, 0.99) };
}

/** A line through points by least squares, and the half-width of its slope's 95 % confidence interval; NaN below three points. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): { slope: number; halfWidth: number } {
  const n = points.length;
  if (n < 3) return { slope: Number.NaN, halfWidth: Number.NaN };
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / n;
  const [x0, y0] = [mean(0), mean(1)];
  const sxx = points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0) / sxx;
  const residuals = points.map(([x, y]) => y - y0 - slope * (x - x0));
  const squares = residuals.reduce((sum, e) => sum + e * e, 0);
  // Memory wanders: a sample resembles the one before, so there are fewer independent ones than samples.
  const lagged = residuals.slice(1).reduce((sum, e, at) => sum + e * (residuals[at] as number), 0);
  const correlation = squares === 0 ? 0 : Math.min(0.95, Math.max(0, lagged / squares));
  const independent = Math.max(3, n * ((1 - correlation) / (1 + correlation)));
  const error = Math.sqrt(squares / Math.max(1, independent - 2) / sxx) * Math.sqrt(n / independent);
  return { slope, halfWidth: 1.96 * error };
}
