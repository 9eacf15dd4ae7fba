import { TransientError } from '@connector/errors';

/** Decides when and how a call continues: it may wait, and fail the call before or after its effect. */
export type Gate = (call: string, moment: 'before' | 'after') => Promise<void>;

/**
 * Faults of the next calls by name: an error before the effect, an answer that is lost after it, or undefined for no
 * fault.
 */
export type Failures = Record<string, (Error | 'answer-lost' | undefined)[]>;

/** Fails calls according to `failures`; each entry is used once. */
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
