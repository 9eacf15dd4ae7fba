/** The promise's value, or that of `tooLate` after `ms`; a later result is dropped. */
export async function within<T>(ms: number, promise: Promise<T>, tooLate: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<T>((resolve, reject) => {
    timer = setTimeout(() => {
      try {
        resolve(tooLate());
      } catch (error) {
        reject(error);
      }
    }, ms);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
