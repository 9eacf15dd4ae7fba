// The least a webhook server can do: reads the body, checks its HMAC, answers 200. With PRODUCE_TO, a topic, it also does the
// least with which an event can be kept: reads its JSON, and answers when Kafka has the record. Nothing is logged, measured,
// traced, classified, limited or repeated.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';

const { STRIPE_WEBHOOK_SIGNING_SECRET = '', HTTP_PORT, PRODUCE_TO } = process.env;
const key = createSecretKey(STRIPE_WEBHOOK_SIGNING_SECRET, 'utf8');
const answer = (res: ServerResponse, status: number) => res.writeHead(status, { 'content-length': 0 }).end();
const keep = PRODUCE_TO ? await producing(PRODUCE_TO) : undefined;

const server = createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const [, timestamp = '', signature = ''] =
      /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(req.headers['stripe-signature'])) ?? [];
    const hmac = createHmac('sha256', key).update(`${timestamp}.`);
    for (const chunk of chunks) hmac.update(chunk);
    const expected = hmac.digest();
    const given = Buffer.from(signature, 'hex');
    const genuine = given.length === expected.length && timingSafeEqual(given, expected);
    if (!genuine) answer(res, 400);
    else if (keep) keep(Buffer.concat(chunks), res);
    else answer(res, 200);
  });
});
server.listen(Number(HTTP_PORT), '127.0.0.1', () => console.log('ready '));
process.once('SIGTERM', () => process.exit(0));

/** What comes while a request to Kafka is under way leaves with the next one. */
async function producing(topic: string): Promise<(body: Buffer, res: ServerResponse) => void> {
  // The barest server loads none of this.
  const { createKafka, kafkaConfig } = await import('@connector/kafka');
  const { parseConfig } = await import('@connector/lifecycle');
  const { createLogger } = await import('@connector/telemetry');
  const z = await import('zod');
  const config = parseConfig(z.object(kafkaConfig), process.env);
  const { client } = createKafka(config, { clientId: 'baseline', log: createLogger('baseline', 'silent') });
  const producer = client.producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 });
  await producer.connect();
  let waiting: { res: ServerResponse; message: { key: string; value: Buffer; headers: Record<string, string> } }[] = [];
  let sending = false;
  const flush = async () => {
    sending = true;
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const messages = batch.map(({ message }) => message);
      await producer.sendBatch({ acks: -1, timeout: 4_000, topicMessages: [{ topic, messages }] });
      for (const { res } of batch) answer(res, 200);
    }
    sending = false;
  };
  return (value, res) => {
    const { id, type, data } = JSON.parse(value.toString('utf8'));
    waiting.push({ res, message: { key: data.object.payment_intent, value, headers: { ce_id: id, ce_type: type } } });
    if (!sending) void flush();
  };
}
