/** When and how a call goes on: waits, or fails it before or after its effect. */
export type Gate = (call: string, moment: 'before' | 'after') => Promise<void>;
