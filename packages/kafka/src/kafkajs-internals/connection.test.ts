import { createLogger } from '@connector/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createKafka, type Kafka } from '../client.ts';
import { metadataRequest } from '../cluster/metadata-request.ts';
import type { Answer } from '../testing/scripted-answer.ts';
import { ScriptedCluster } from '../testing/scripted-cluster.ts';

const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const METADATA = 3;

let cluster: ScriptedCluster;
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await cluster.stop();
});

/** How long the brokers take to check a password, and how long a session lasts, in ms. */
const sasl = { checkMs: 0, sessionMs: 0 };
const handshake: Answer = ({ to }) => {
  to.int16(0);
  to.int32(1);
  to.string('PLAIN');
};
const authenticate: Answer = async ({ to }) => {
  await new Promise((resolve) => setTimeout(resolve, sasl.checkMs));
  to.int16(0);
  to.string(null);
  to.int32(0);
  to.int64(sasl.sessionMs);
};

async function securedBy(of: Partial<typeof sasl>): Promise<Kafka> {
  Object.assign(sasl, { checkMs: 0, sessionMs: 0 }, of);
  cluster = await ScriptedCluster.start({ brokers: 1, topics: { t: 1 } }, [
    [SASL_HANDSHAKE, { versions: [1, 1], answer: handshake }],
    [SASL_AUTHENTICATE, { versions: [1, 1], answer: authenticate }],
  ]);
  return createKafka(
    {
      KAFKA_BROKERS: cluster.bootstrap,
      KAFKA_TOPIC_PREFIX: '',
      KAFKA_SSL_ENABLED: false,
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'user',
      KAFKA_SASL_PASSWORD: 'secret',
    },
    { clientId: 'test', log: createLogger('test', 'silent') },
  );
}
const askedFor = (apiKey: number) => cluster.requests.filter((request) => request.apiKey === apiKey).length;
const openFirst = (kafka: Kafka) => kafka.open(kafka.bootstrap[0] as Kafka['bootstrap'][number]);
const topicsOf = async (connection: Awaited<ReturnType<typeof openFirst>>, timeoutMs: number) =>
  (await connection.send(metadataRequest(['t'], 7), timeoutMs)).topics.map(({ topic }) => topic);

describe('a connection with a password', () => {
  it('is opened although the broker takes a moment to check the password, as with a directory service', async () => {
    const connection = await openFirst(await securedBy({ checkMs: 400 }));
    expect(await topicsOf(connection, 1_000)).toEqual(['t']);
    connection.close('done');
  });

  it("authenticates again before its session ends, also when that takes longer than the request's time-out", async () => {
    // kafkajs begins 10 s before the end.
    const connection = await openFirst(await securedBy({ sessionMs: 10_000, checkMs: 400 }));
    expect(await topicsOf(connection, 200)).toEqual(['t']);
    expect(askedFor(SASL_AUTHENTICATE)).toBe(2);
    connection.close('done');
  });
});

it('a request ends even if the clock is set back meanwhile', async () => {
  cluster = await ScriptedCluster.start({ brokers: 1, topics: { t: 1 } });
  const kafka = createKafka(
    { KAFKA_BROKERS: cluster.bootstrap, KAFKA_TOPIC_PREFIX: '', KAFKA_SSL_ENABLED: false },
    { clientId: 'test', log: createLogger('test', 'silent') },
  );
  const connection = await openFirst(kafka);
  cluster.script = ({ apiKey }) => (apiKey === METADATA ? 'silent' : undefined);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const asked = topicsOf(connection, 200);
  const failed = expect(asked).rejects.toThrow();
  await vi.waitFor(() => expect(askedFor(METADATA)).toBe(1));
  const hourAgo = Date.now() - 3_600_000;
  vi.spyOn(Date, 'now').mockReturnValue(hourAgo);
  await vi.advanceTimersByTimeAsync(11_000);
  await failed;
});

it('logs no warning for a connection that is closed on purpose, and one for a connection that failed', async () => {
  cluster = await ScriptedCluster.start({ brokers: 1, topics: { t: 1 } });
  const warnings: unknown[] = [];
  const log = createLogger('test', 'silent');
  const kafka = createKafka(
    { KAFKA_BROKERS: cluster.bootstrap, KAFKA_TOPIC_PREFIX: '', KAFKA_SSL_ENABLED: false },
    { clientId: 'test', log: Object.assign(log, { warn: (...line: unknown[]) => void warnings.push(line[1]) }) },
  );
  cluster.script = ({ apiKey }) => (apiKey === METADATA ? 'silent' : undefined);
  for (const ends of ['close', 'destroy'] as const) {
    const connection = await openFirst(kafka);
    const before = askedFor(METADATA);
    const asked = topicsOf(connection, 5_000);
    await vi.waitFor(() => expect(askedFor(METADATA)).toBe(before + 1), 30_000);
    connection[ends]('stopped');
    await expect(asked).rejects.toThrow('stopped');
    expect(connection.isOpen).toBe(false);
  }
  expect(warnings).toEqual(['kafka: Connection error: stopped']);
});
