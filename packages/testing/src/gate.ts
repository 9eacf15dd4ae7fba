import { TransientError } from '@connector/errors';

/** When and how a call goes on: waits, or fails it before or after its effect. */
export type Gate = (call: string, moment: 'before' | 'after') => Promise<void>;

/** What becomes of the next calls of a name: the error of one that never took effect, an answer that was lost, or undefined for neither. */
export type Failures = Record<string, (Error | 'answer-lost' | undefined)[]>;

/** Fails calls as `failures` says, each once. */
export function failing(failures: Failures): Gate {
  const losing = new Set<string>();
  return async (call, moment) => {
    if (moment === 'after') {
      if (losing.delete(call)) throw new TransientError('the answer was lost', { reason: 'timeout' });
      return;
    }
    const failure = failures[call]?.shift();
    if (failure === 'answer-lost') losing.add(call);
    else if (failure) throw failure;
  };
}
