import { startStripeSimulator } from './simulator.ts';

const { STRIPE_SIM_PORT, STRIPE_SIM_HOST, STRIPE_SIM_PUBLIC_URL, STRIPE_SIM_SECRET_KEY } = process.env;
const { STRIPE_SIM_WEBHOOK_URL, STRIPE_SIM_WEBHOOK_SECRET } = process.env;

const simulator = await startStripeSimulator({
  port: Number(STRIPE_SIM_PORT ?? 0),
  ...(STRIPE_SIM_HOST && { host: STRIPE_SIM_HOST }),
  ...(STRIPE_SIM_PUBLIC_URL && { publicUrl: STRIPE_SIM_PUBLIC_URL }),
  ...(STRIPE_SIM_SECRET_KEY && { secretKey: STRIPE_SIM_SECRET_KEY }),
  ...(STRIPE_SIM_WEBHOOK_URL
    ? {
        webhook: {
          url: STRIPE_SIM_WEBHOOK_URL,
          ...(STRIPE_SIM_WEBHOOK_SECRET ? { secret: STRIPE_SIM_WEBHOOK_SECRET } : {}),
        },
      }
    : {}),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
process.stdout.write(`ready ${simulator.url}\n`);
