/** After this time without an answer, in ms, the next candidate is tried as well. */
const NEXT_AFTER_MS = 700;

/**
 * Tries `candidates` in turn, the next one when the one before fails or takes long. Throws the error of the last one.
 */
export function firstOf<C, T>(
  candidates: C[],
  attempt: (candidate: C, isTooLate: () => boolean) => Promise<T>,
): Promise<T> {
  const first = Promise.withResolvers<T>();
  let open = 0;
  let done = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (error?: unknown) => {
    clearTimeout(timer);
    const candidate = done ? undefined : candidates.shift();
    if (!candidate) {
      if (open === 0) first.reject(error);
      return;
    }
    open += 1;
    timer = setTimeout(next, NEXT_AFTER_MS);
    attempt(candidate, () => done).then(
      (found) => {
        done = true;
        clearTimeout(timer);
        first.resolve(found);
      },
      (failure: unknown) => {
        open -= 1;
        next(failure);
      },
    );
  };
  next();
  return first.promise;
}
