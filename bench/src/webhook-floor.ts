// The least a webhook server can do: reads the body, checks its HMAC, answers 200.
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const key = createSecretKey(process.env.STRIPE_WEBHOOK_SIGNING_SECRET ?? '', 'utf8');

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
    res.writeHead(genuine ? 200 : 400, { 'content-length': 0 }).end();
  });
});
server.listen(Number(process.env.HTTP_PORT), '127.0.0.1', () => console.log('ready '));
process.once('SIGTERM', () => process.exit(0));
