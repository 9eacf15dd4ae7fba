import { PAYMENT_EVENTS } from '@connector/contracts';
import type { Kafka } from '@connector/kafka';

type Admin = ReturnType<Kafka['client']['admin']>;

/** Runs `work` with an admin client that is connected only for it. */
export async function withAdmin<T>({ client }: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Records on a topic (without prefix). */
export const recordsIn = (kafka: Kafka, topic: string): Promise<number> =>
  withAdmin(kafka, async (admin) => {
    const partitions = await admin.fetchTopicOffsets(kafka.prefixed(topic));
    return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  });

/** Records that the ledger has not handled. */
export const lagOf = (kafka: Kafka): Promise<number> =>
  withAdmin(kafka, async (admin) => {
    const topic = kafka.prefixed(PAYMENT_EVENTS);
    const ends = await admin.fetchTopicOffsets(topic);
    const [committed] = await admin.fetchOffsets({ groupId: kafka.prefixed('ledger'), topics: [topic] });
    const at = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return ends.reduce(
      (sum, { partition, high, low }) => sum + Number(high) - Math.max(at.get(partition) ?? 0, Number(low)),
      0,
    );
  });
