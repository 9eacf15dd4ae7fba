import {
  attributesOf,
  EVENTS,
  headerOf,
  PAYMENT_EVENTS,
  PROJECT_HEADER,
  UnreadableEventError,
} from '@connector/contracts';
import type { StoredMessage } from '@connector/kafka';
import * as z from 'zod';
import type { RequestedOperation, RequestedOperations } from '../use-cases/ports.ts';

type Scan = (topic: string, onMessage: (message: StoredMessage) => void, since: Date) => Promise<unknown>;

/**
 * Reads intent's events about operations since `since` from the payments topic: it publishes one before each operation,
 * and one after.
 */
export const requestedOperations = (scan: Scan, since: Date, projectKey: string): RequestedOperations => ({
  withoutEnd: async (before) => {
    const requested = new Map<string, RequestedOperation>();
    const ended = new Set<string>();
    await scan(
      PAYMENT_EVENTS,
      (message) => {
        if ((headerOf(message.headers, PROJECT_HEADER) ?? projectKey) !== projectKey) return;
        const note = readNote(message);
        if (note?.kind === 'requested') requested.set(note.operation.operationId, note.operation);
        if (note?.kind === 'ended') ended.add(note.operationId);
      },
      since,
    );
    return [...requested.values()]
      .filter(({ operationId, requestedAt }) => !ended.has(operationId) && requestedAt < before)
      .toSorted((a, b) => a.requestedAt.getTime() - b.requestedAt.getTime());
  },
});

type Note = { kind: 'requested'; operation: RequestedOperation } | { kind: 'ended'; operationId: string };

/** Undefined for every other message, and for an unreadable one, which the ledger makes a dead letter. */
function readNote({ headers, value }: Pick<StoredMessage, 'headers' | 'value'>): Note | undefined {
  try {
    const { type, time } = attributesOf(headers);
    if (type === 'checkout.payment.operation_requested') {
      const operation = EVENTS[type].parse(JSON.parse(value.toString()));
      return { kind: 'requested', operation: { ...operation, requestedAt: new Date(time) } };
    }
    if (type !== 'checkout.payment.operation_completed') return undefined;
    return { kind: 'ended', operationId: EVENTS[type].parse(JSON.parse(value.toString())).operationId };
  } catch (error) {
    if (error instanceof UnreadableEventError || error instanceof SyntaxError || error instanceof z.ZodError)
      return undefined;
    throw error;
  }
}
