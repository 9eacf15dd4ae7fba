import * as z from 'zod';
import { startCommercetoolsSimulator } from './simulator.ts';

const env = z
  .object({
    CT_SIM_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    CT_SIM_HOST: z.string().min(1).optional(),
    CT_SIM_PROJECT_KEY: z.string().min(1).default('sandbox'),
    CT_SIM_CLIENT_ID: z.string().min(1).optional(),
    CT_SIM_CLIENT_SECRET: z.string().min(1).optional(),
  })
  .parse(process.env);

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

const simulator = await startCommercetoolsSimulator({
  port: env.CT_SIM_PORT,
  ...(env.CT_SIM_HOST && { host: env.CT_SIM_HOST }),
  projectKey: env.CT_SIM_PROJECT_KEY,
  ...(env.CT_SIM_CLIENT_ID && { clientId: env.CT_SIM_CLIENT_ID }),
  ...(env.CT_SIM_CLIENT_SECRET && { clientSecret: env.CT_SIM_CLIENT_SECRET }),
});
console.log(`ready ${simulator.url}`);
