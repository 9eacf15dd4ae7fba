import { once } from 'node:events';
import { connect } from 'node:net';

const ELECT_LEADERS = 43;
const VERSION = 1;
const PREFERRED = 0;
const TIMEOUT_MS = 10_000;
/** Error code: the partition's preferred replica is already its leader. */
const ELECTION_NOT_NEEDED = 84;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * Makes the first replica of each partition its leader, by Kafka's request ElectLeaders, which kafkajs lacks. `broker`
 * is `host:port` of any broker in the cluster. Returns the refused partitions, each with Kafka's error code. Throws the
 * socket's errors.
 */
export async function electPreferredLeaders(
  broker: string,
  partitions: readonly TopicPartition[],
): Promise<(TopicPartition & { readonly errorCode: number })[]> {
  const response = await exchange(broker, requestOf(partitions));
  return refusedIn(response).filter(({ errorCode }) => errorCode !== ELECTION_NOT_NEEDED);
}

const int8 = (value: number) => Buffer.from([value]);
const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const string = (value: string) => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
const array = (items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items]);

function requestOf(partitions: readonly TopicPartition[]): Buffer {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, of]) =>
    Buffer.concat([string(topic), array(of.map(({ partition }) => int32(partition)))]),
  );
  const request = Buffer.concat([
    int16(ELECT_LEADERS),
    int16(VERSION),
    int32(1),
    string('sandbox'),
    int8(PREFERRED),
    array(topics),
    int32(TIMEOUT_MS),
  ]);
  return Buffer.concat([int32(request.length), request]);
}

async function exchange(broker: string, request: Buffer): Promise<Buffer> {
  const [host, port] = broker.split(':');
  const socket = connect({ host: host as string, port: Number(port), noDelay: true });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${broker} did not answer ElectLeaders`)));
  try {
    await once(socket, 'connect');
    socket.write(request);
    let answer = Buffer.alloc(0);
    for await (const chunk of socket) {
      answer = Buffer.concat([answer, chunk as Buffer]);
      if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) return answer.subarray(8);
    }
    throw new Error(`${broker} closed the connection on ElectLeaders`);
  } finally {
    socket.destroy();
  }
}

/**
 * Reads the response's body (after its correlation id): throttle time, error, then each topic's partitions with an
 * error code.
 */
function refusedIn(body: Buffer): (TopicPartition & { errorCode: number })[] {
  let at = 4;
  const readInt16 = () => {
    at += 2;
    return body.readInt16BE(at - 2);
  };
  const readInt32 = () => {
    at += 4;
    return body.readInt32BE(at - 4);
  };
  const readString = () => {
    const length = readInt16();
    const text = body.toString('utf8', at, at + Math.max(0, length));
    at += Math.max(0, length);
    return text;
  };
  const whole = readInt16();
  if (whole !== 0) throw new Error(`ElectLeaders failed with error code ${whole}`);
  const refused: (TopicPartition & { errorCode: number })[] = [];
  for (let topics = readInt32(); topics > 0; topics -= 1) {
    const topic = readString();
    for (let partitions = readInt32(); partitions > 0; partitions -= 1) {
      const partition = readInt32();
      const errorCode = readInt16();
      readString();
      if (errorCode !== 0) refused.push({ topic, partition, errorCode });
    }
  }
  return refused;
}
