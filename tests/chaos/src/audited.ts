import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { PINNED_NODE, REPOSITORY, type Sandbox } from '@connector/sandbox';
import type { Finding } from './consistency-check.ts';

/** The result of the audit command for a run, as an operator would start it. */
export interface Audited {
  readonly movements: number;
  readonly payments: number;
  readonly differences: number;
}

interface AuditReport {
  readonly movements: Record<string, number>;
  readonly payments: number;
  readonly complete: boolean;
  readonly differences: readonly { kind: string; type: string; paymentIntentId: string; paymentId?: string }[];
}

/** Runs the connector's own audit over all money that moved since `since`. Throws when the audit prints no result. */
export async function audited(sandbox: Sandbox, since: Date): Promise<{ audit: Audited; findings: Finding[] }> {
  const command = join(REPOSITORY, 'services/ledger/dist/commands/audit.js');
  const window = ['--since', since.toISOString(), '--until', '0d', '--from-start', '--json'];
  const { out, told } = await new Promise<{ out: string; told: string }>((resolve) => {
    const options = { env: { ...process.env, ...sandbox.env }, maxBuffer: 256 * 1024 * 1024 };
    execFile(PINNED_NODE, [command, ...window], options, (_error, out, told) => resolve({ out, told }));
  });
  if (out === '') throw new Error(`audit said nothing: ${told}`);
  const { movements, payments, complete, differences } = JSON.parse(out) as AuditReport;
  return {
    audit: {
      movements: Object.values(movements).reduce((sum, count) => sum + count, 0),
      payments,
      differences: differences.length,
    },
    findings: [
      ...differences.map(
        ({ kind, type, paymentIntentId, paymentId }): Finding => ({
          verdict: 'wrong',
          paymentIntentId,
          ...(paymentId && { paymentId }),
          what: `audit: ${type} ${kind}`,
        }),
      ),
      ...(complete ? [] : [{ verdict: 'stuck', what: `audit could not compare everything: ${told}` } as const]),
    ],
  };
}
