import type { Environment } from '@connector/lifecycle';
import type { AreaFindings, Finding } from './checkup.ts';
import { fail, unknown, warn } from './checkup.ts';

/** What the release itself creates, and what it accepts, before it is installed. */
export interface MadeByRelease {
  /** Whether it creates missing topics. */
  readonly topics: boolean;
  /** Whether it accepts an endpoint of another API version. */
  readonly anyApiVersion: boolean;
}

const LATER = 'the release makes it';

/** A finding, weighted for the time before a release: what the release creates or fixes by itself is no failure. */
export function beforeRelease(finding: Finding, made: MadeByRelease): Finding {
  const { check, result, found, todo = '' } = finding;
  if (result !== 'fail') return finding;
  const isMade =
    check.startsWith('type ') ||
    check === 'webhook events' ||
    (check === 'webhook endpoint' && /^we_\w+ posts to /.test(found)) ||
    (made.topics && check.startsWith('topic ') && found.startsWith('is not there'));
  if (isMade) return unknown(check, `${found}; ${LATER}`);
  if (made.anyApiVersion && check === 'webhook API version') return warn(check, found, todo);
  // The signing secret may belong to an endpoint that is created by hand afterwards.
  if (check === 'webhook endpoint' && found.startsWith('none ')) return warn(check, found, todo);
  return finding;
}

/** Only the findings that need attention. */
export const noteworthy = (all: readonly AreaFindings[]): AreaFindings[] =>
  all
    .map(({ area, findings }) => ({
      area,
      findings: findings.filter(({ result }) => result === 'fail' || result === 'warn'),
    }))
    .filter(({ findings }) => findings.length > 0);

/**
 * A problem of the configuration as a finding. `DOCTOR_SECRETS` (JSON: variable to [Secret, key]) says from which
 * Secret the chart takes a variable, so that a missing Secret is named instead of the variable.
 */
export function configurationFinding(problem: string, env: Environment): Finding {
  const [variable = ''] = problem.split(/[:,]/);
  const [secret, key] = placesOf(env)[variable] ?? [];
  if (secret && env[variable] === undefined)
    return fail(
      `Secret ${secret}`,
      `is not there, or has no key ${key} (for ${variable})`,
      `kubectl get secret ${secret} shows its keys; the chart's existingSecret and existingSecretKeys name Secret and keys.`,
    );
  const todo = secret
    ? `Correct the key ${key} of the Secret ${secret}.`
    : 'Correct the variable, or the value of the chart that it comes from.';
  return fail('configuration', problem, todo);
}

function placesOf(env: Environment): Record<string, [secret: string, key: string]> {
  try {
    return JSON.parse(env.DOCTOR_SECRETS ?? '{}') as Record<string, [string, string]>;
  } catch {
    return {};
  }
}
