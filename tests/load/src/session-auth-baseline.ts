// The least a server of sessions can do: reads the body, looks the id up, answers the cart it stands for.
import { createServer } from 'node:http';

const carts = new Map<string, string>();

const server = createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const { sessionId } = JSON.parse(Buffer.concat(chunks).toString()) as { sessionId: string };
    const cartId = carts.get(sessionId) ?? crypto.randomUUID();
    carts.set(sessionId, cartId);
    const text = JSON.stringify({ cartId, projectKey: 'bench', allowedPaymentMethods: [] });
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
  });
});
server.listen(Number(process.env.HTTP_PORT), '127.0.0.1', () => console.log('ready '));
process.once('SIGTERM', () => process.exit(0));
