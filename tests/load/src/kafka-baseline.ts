// A bare kafkajs produce loop, acknowledged by all in-sync replicas: one record of 3 kB in each send, then 64. A process of its own.
import { once } from 'node:events';
import kafkajs from 'kafkajs';
import { percentile } from './figures.ts';

export interface Produce {
  readonly brokers: string;
  readonly topic: string;
  readonly bytes: number;
  readonly sends: number;
  readonly recordsPerSend: number;
}

export interface Produced {
  readonly recordsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMsPerRecord: number;
}

const { Kafka, logLevel, Partitioners } = kafkajs;

async function produce({ brokers, topic, bytes, sends, recordsPerSend }: Produce): Promise<Produced> {
  const kafka = new Kafka({ clientId: 'baseline', brokers: [brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, maxInFlightRequests: 1 });
  await producer.connect();
  const value = Buffer.alloc(bytes, 'x');
  const took: number[] = [];
  let counted = process.cpuUsage();
  let began = performance.now();
  for (let at = -20; at < sends; at += 1) {
    if (at === 0) [counted, began] = [process.cpuUsage(), performance.now()];
    const messages = Array.from({ length: recordsPerSend }, (_, nth) => ({ key: `pi_${at}_${nth}`, value }));
    const from = performance.now();
    await producer.send({ topic, acks: -1, messages });
    if (at >= 0) took.push(performance.now() - from);
  }
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(counted);
  await producer.disconnect();
  const records = sends * recordsPerSend;
  took.sort((a, b) => a - b);
  return {
    recordsPerSecond: records / seconds,
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
    cpuMsPerRecord: (user + system) / 1000 / records,
  };
}

const [task] = (await once(process, 'message')) as [Produce];
process.send?.(await produce(task));
await once(process, 'disconnect');
