import { it, type RunnerTestCase, type RunnerTestSuite } from 'vitest';

export interface SharedThing<T> {
  start(): Promise<T>;
  /** Puts back what a file may have left changed. Throws Error when it cannot: the thing is broken. */
  restore(thing: T): Promise<void>;
  stop(thing: T): Promise<void>;
}

/**
 * One of a thing for all files of a stage that ask for it, by calling what this answers at their top: started for the first, stopped after
 * the last. After a file in which something failed, or which left it broken, it is stopped, and started again for the next.
 */
export function sharedByFiles<T>({ start, restore, stop }: SharedThing<T>): (use: (thing: T) => unknown) => void {
  let running: T | undefined;
  const end = async (): Promise<void> => {
    const thing = running;
    running = undefined;
    if (thing !== undefined) await stop(thing);
  };
  // The files of such a stage follow each other in one process (`isolate: false`): its end is the end of the stage.
  // biome-ignore lint/correctness/noEmptyPattern: by it Vitest knows that nothing else is needed first
  const untilTheLast = it.extend('endNow', { scope: 'worker' }, ({}, { onCleanup }) => {
    onCleanup(end);
    return end;
  });

  return (use) => {
    untilTheLast.beforeAll(async ({ endNow: _ }) => {
      running ??= await start();
      await use(running);
    });
    untilTheLast.afterAll(async ({ endNow }, file) => {
      if (running === undefined) return;
      const isWhole = await restore(running).then(
        () => !hasFailed(file),
        () => false,
      );
      if (!isWhole) await endNow();
    });
  };
}

const hasFailed = (task: Readonly<RunnerTestSuite | RunnerTestCase>): boolean =>
  task.type === 'suite' ? task.tasks.some(hasFailed) : task.result?.state === 'fail';
