import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '@connector/sandbox';
import * as z from 'zod';
import type { Budget, Latencies } from './benchmark.ts';
import type { ConfirmFigures } from './confirm.ts';
import type { LedgerFigures } from './ledger.ts';
import type { OpenFigures } from './open.ts';
import { callsTo } from './payment/benchmark.ts';
import type { PaymentFigures } from './payment/measure.ts';
import type { Run } from './report.ts';
import type { SessionAuthFigures } from './session-auth.ts';
import type { StartupFigures } from './startup.ts';
import type { WebhookResults } from './webhook-benchmark.ts';

/** What a run of `npm run bench` writes into tests/load/results. */
export interface BenchResults extends Run {
  readonly quick: boolean;
  readonly latencies: Latencies;
  readonly figures: Readonly<Record<string, unknown>>;
  readonly budgets: readonly Budget[];
}

const positive = z.number().positive();

/** What one of each costs, for the capacity model. Processor time in ms, memory in MB. */
export const unitCostsSchema = z.object({
  measured: z.string(),
  webhook: z.object({ cpuMs: positive, rssMb: positive }),
  open: z.object({ intentCpuMs: positive, sessionAuthCpuMs: positive }),
  confirm: z.object({ intentCpuMs: positive, sessionAuthCpuMs: positive, intentRssMb: positive }),
  sessionAuth: z.object({ hitCpuMs: positive, missCpuMs: positive, rssMb: positive }),
  /** From its cart to rest, Stripe's webhooks included. */
  payment: z.object({
    cpuMs: z.object({ intent: positive, sessionAuth: positive, webhookIngest: positive, ledger: positive }),
    commercetoolsCalls: positive,
    ledgerCommercetoolsCalls: positive,
    stripeCalls: positive,
    webhooks: positive,
    ledgerEvents: positive,
  }),
  ledger: z.object({
    cpuMsPerEvent: positive,
    /** Calls to commercetools. */
    callsPerEvent: positive,
    peakRssMb: positive,
    /** Of one process, at these settings. */
    eventsPerSecond: positive,
    concurrency: positive,
    latencyMs: positive,
  }),
});
export type UnitCosts = z.output<typeof unitCostsSchema>;

export const UNIT_COSTS = join(REPOSITORY, 'tests/load/unit-costs.json');

/** Those of the parts that were measured. */
export function unitCostsOf({ date, machine, figures }: BenchResults): Partial<UnitCosts> {
  const { webhook, open, confirm, ledger, payment } = figures as {
    payment?: PaymentFigures;
    webhook?: WebhookResults;
    open?: OpenFigures;
    confirm?: ConfirmFigures;
    ledger?: LedgerFigures;
    startup?: StartupFigures;
  };
  const sessionAuth = figures['session-auth'] as SessionAuthFigures | undefined;
  const busiest = webhook?.cells.find(({ concurrency, bytes }) => concurrency === 64 && bytes < 10_000);
  return {
    // The parts may be from several runs; this is the last one.
    measured: `${date.slice(0, 10)} with \`npm run bench\` on ${machine}`,
    ...(busiest && { webhook: { cpuMs: busiest.ours.cpuMsPerRequest, rssMb: busiest.ours.rssMb } }),
    ...(open && { open: { intentCpuMs: open.cpuMsPerOpen, sessionAuthCpuMs: open.sessionAuthCpuMsPerOpen } }),
    ...(confirm && {
      confirm: {
        intentCpuMs: confirm.cpuMsPerConfirm.intent,
        sessionAuthCpuMs: confirm.cpuMsPerConfirm.sessionAuth,
        intentRssMb: confirm.rssMb.intent,
      },
    }),
    ...(payment && { payment: wholePayment(payment) }),
    ...(sessionAuth && {
      sessionAuth: {
        hitCpuMs: sessionAuth.hit.cpuMsPerRequest,
        missCpuMs: sessionAuth.missCpuMsPerRequest,
        rssMb: sessionAuth.hit.rssMb,
      },
    }),
    ...(ledger && {
      ledger: {
        cpuMsPerEvent: ledger.drain.cpuMsPerEvent,
        callsPerEvent: ledger.drain.callsPerEvent,
        peakRssMb: ledger.drain.peakRssMb,
        eventsPerSecond: ledger.drain.eventsPerSecond,
        concurrency: ledger.drain.concurrency,
        latencyMs: ledger.latency.commercetoolsLatencyMs,
      },
    }),
  };
}

/** The unit of the capacity model: a guest's payment and a customer's, half each. */
function wholePayment({ kinds: { guest, customer } }: PaymentFigures): UnitCosts['payment'] {
  const mean = (of: (taken: typeof guest) => number) => (of(guest) + of(customer)) / 2;
  const cpuOf = (service: string) => mean(({ cpuMs }) => cpuMs[service] ?? 0);
  const ofLedger = mean((taken) => callsTo('commercetools', { ...taken, calls: { ledger: taken.calls.ledger ?? {} } }));
  return {
    cpuMs: {
      intent: cpuOf('intent'),
      sessionAuth: cpuOf('session-auth'),
      webhookIngest: cpuOf('webhook-ingest'),
      ledger: cpuOf('ledger'),
    },
    commercetoolsCalls: mean((taken) => callsTo('commercetools', taken)),
    ledgerCommercetoolsCalls: ofLedger,
    stripeCalls: mean((taken) => callsTo('stripe', taken)),
    webhooks: mean(({ webhooks }) => webhooks),
    ledgerEvents: mean(({ ledgerEvents }) => ledgerEvents),
  };
}

/** The committed costs. Throws Error (also ZodError) when the file is not there or lacks one. */
export async function readUnitCosts(file = UNIT_COSTS): Promise<UnitCosts> {
  return unitCostsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

/** Replaces what was measured, and leaves the rest of the file as it is. */
export async function writeUnitCosts(measured: Partial<UnitCosts>, file = UNIT_COSTS): Promise<void> {
  const before = await readFile(file, 'utf8').then(JSON.parse, () => ({}));
  const rounded = (_key: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value);
  await writeFile(file, `${JSON.stringify({ ...before, ...measured }, rounded, 2)}\n`);
}
