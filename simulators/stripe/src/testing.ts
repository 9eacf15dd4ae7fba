import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { type StripeSimulator, type StripeSimulatorOptions, startStripeSimulator } from './simulator.ts';

export interface Delivery {
  event: Stripe.Event;
  headers: http.IncomingHttpHeaders;
}

/** A receiver that checks each signature with the real package; `answer` picks the status by the number of the attempt. */
export interface Receiver {
  url: string;
  deliveries: Delivery[];
  /** Errors of deliveries whose signature was wrong. */
  forgeries: unknown[];
  /** What the signatures are checked with. */
  secret: string;
  types(): string[];
  answer: (attempt: number) => number;
  close(): Promise<void>;
}

export const SECRET = 'whsec_test_secret';

export async function startReceiver(): Promise<Receiver> {
  let attempts = 0;
  const stripe = new Stripe('sk_test_x');
  const server = http.createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    attempts += 1;
    const status = receiver.answer(attempts);
    const signature = String(req.headers['stripe-signature']);
    let event: Stripe.Event;
    try {
      event = stripe.webhooks.constructEvent(Buffer.concat(chunks), signature, receiver.secret);
    } catch (error) {
      receiver.forgeries.push(error);
      res.writeHead(400).end();
      return;
    }
    if (status < 300) receiver.deliveries.push({ event, headers: req.headers });
    res.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    deliveries: [],
    forgeries: [],
    secret: SECRET,
    types: () => receiver.deliveries.map(({ event }) => event.type),
    answer: () => 200,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

/** A simulator on a free port, and the real package talking to it. Slow things wait for a control call. */
export async function startWithClient(
  options: StripeSimulatorOptions = {},
): Promise<{ simulator: StripeSimulator; stripe: Stripe }> {
  const simulator = await startStripeSimulator(options);
  simulator.controls.configure({ settleDelayMs: null });
  return { simulator, stripe: clientOf(simulator) };
}

export const clientOf = (simulator: StripeSimulator, config: Stripe.StripeConfig = {}): Stripe =>
  new Stripe('sk_test_simulated', {
    host: '127.0.0.1',
    port: simulator.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    ...config,
  });

/** What Stripe refused with; throws when it did not refuse. */
export async function refusalOf(call: Promise<unknown>): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}
