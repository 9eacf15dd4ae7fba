import { CHECKPOINTS, type EventRecord } from '@connector/contracts';
import * as z from 'zod';

const openKey = (projectKey: string): string => `audit-open:${projectKey}`;
const openSchema = z.object({ paymentIntentIds: z.array(z.string()) });
/** At some 30 bytes each, far below the topic's limit. */
const MOST = 10_000;

/** The PaymentIntents that differed in a daily audit; the next one compares them again. */
export const openDifferencesRecord = (projectKey: string, paymentIntentIds: Iterable<string>): EventRecord => ({
  key: openKey(projectKey),
  value: Buffer.from(JSON.stringify({ paymentIntentIds: [...paymentIntentIds].slice(0, MOST) })),
  headers: {},
});

/** Those of the last daily audit. */
export async function openDifferences(
  readLatest: (topic: string, key: string) => Promise<Buffer | undefined>,
  projectKey: string,
): Promise<readonly string[]> {
  const stored = await readLatest(CHECKPOINTS, openKey(projectKey));
  return (stored && openSchema.safeParse(JSON.parse(stored.toString())).data?.paymentIntentIds) ?? [];
}
