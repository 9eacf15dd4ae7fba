/** Runs `work` a moment after a request for it, and at most once every `ms`, however often it is requested. */
export function atMostEvery(ms: number, work: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    if (timer) return;
    const waitMs = Math.max(SOON_MS, last + ms - performance.now());
    timer = setTimeout(() => {
      timer = undefined;
      last = performance.now();
      work();
    }, waitMs);
    timer.unref();
  };
}

const SOON_MS = 1_000;
