import { CHECKPOINTS, type EventRecord } from '@connector/contracts';
import type { StoredMessage } from '@connector/kafka';
import * as z from 'zod';
import type { AuditDifference } from '../domain/audit.ts';
import { DIFFERENCE_KINDS, MOVEMENT_TYPES } from '../domain/audit.ts';

const sideSchema = z.object({ centAmount: z.int(), state: z.string(), currencyCode: z.string().optional() });
const differenceSchema = z.object({
  kind: z.enum(DIFFERENCE_KINDS),
  type: z.enum(MOVEMENT_TYPES),
  interactionId: z.string(),
  transactionId: z.string().optional(),
  currencyCode: z.string(),
  stripe: sideSchema.optional(),
  commercetools: sideSchema.optional(),
  paymentIntentId: z.string(),
  paymentId: z.string().optional(),
  repaired: z.boolean(),
});
const recordSchema = z.object({
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  comparedUntil: z.iso.datetime(),
  differences: z.array(differenceSchema),
});

/** Differences in one record: at some 500 bytes each, far below the topic's limit. */
const AT_ONCE = 1_000;

interface Window {
  readonly since: Date;
  readonly until: Date;
}

/**
 * The differences that an audit has found so far, stored until it ends, so that a run that continues it reports them
 * too.
 */
export interface AuditDifferences {
  /** The differences that an earlier run of this window found before `from`. */
  before(window: Window, from: Date): Promise<readonly AuditDifference[]>;
  /** Stores the differences of the slice that ends at `comparedUntil`. */
  keep(window: Window, comparedUntil: Date, differences: readonly AuditDifference[]): Promise<void>;
  /** Forgets all stored differences, also of other windows: called when a run has ended. */
  clear(): Promise<void>;
}

type Scan = (topic: string, onMessage: (message: Pick<StoredMessage, 'key' | 'value'>) => void) => Promise<unknown>;

/**
 * Stores differences on the topic of checkpoints, by project, window and slice: a slice that is compared again replaces
 * its earlier record.
 */
export function auditDifferences(
  scan: Scan,
  producer: { send(topic: string, record: EventRecord): Promise<void> },
  projectKey: string,
): AuditDifferences {
  const prefix = `audit-differences:${projectKey}:`;
  const records = () => latestRecords(scan, prefix);
  const put = (key: string, value: Buffer) => producer.send(CHECKPOINTS, { key, value, headers: {} });
  return {
    before: async ({ since, until }, from) => {
      const differences: AuditDifference[] = [];
      for (const value of (await records()).values()) {
        const record = recordSchema.safeParse(JSON.parse(value.toString())).data;
        if (!record || record.since !== since.toISOString() || record.until !== until.toISOString()) continue;
        if (new Date(record.comparedUntil) <= from) differences.push(...(record.differences as AuditDifference[]));
      }
      return differences;
    },
    keep: async ({ since, until }, comparedUntil, differences) => {
      const keyOf = (at: number) =>
        `${prefix}${since.toISOString()}:${until.toISOString()}:${comparedUntil.toISOString()}:${at}`;
      let at = 0;
      for (; at < differences.length; at += AT_ONCE) {
        const value = { since, until, comparedUntil, differences: differences.slice(at, at + AT_ONCE) };
        await put(keyOf(at), Buffer.from(JSON.stringify(value)));
      }
      // A run that was interrupted right after it stored this slice may have stored more records for it than this one.
      await put(keyOf(at), Buffer.alloc(0));
    },
    clear: async () => {
      // A record without a value makes a compacted topic forget the key.
      for (const key of (await records()).keys()) await put(key, Buffer.alloc(0));
    },
  };
}

/** The last value of each key with the prefix, without keys that were forgotten. */
async function latestRecords(scan: Scan, prefix: string): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  await scan(CHECKPOINTS, ({ key, value }) => {
    if (!key.startsWith(prefix)) return;
    if (value.length > 0) found.set(key, value);
    else found.delete(key);
  });
  return found;
}
