import { LOG_LEVELS } from '@connector/telemetry';
import * as z from 'zod';
import { noteFiles, valueIn } from './secret-files.ts';

/** Exit code of a process that refuses to start with its configuration (`EX_CONFIG` of sysexits). */
export const EXIT_CONFIG = 78;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration that cannot be used. `problems` has one line per variable, without the value of any secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const UNSET_BY_EMPTY = new WeakSet<object>();

/**
 * The same variables, but an empty one counts as not set. Templates of env files, compose files and pipelines leave
 * optional settings empty, and the original connector then takes its default.
 */
export function emptyIsUnset<V extends Readonly<Record<string, z.ZodType>>>(variables: V): V {
  for (const variable of Object.values(variables)) UNSET_BY_EMPTY.add(variable);
  return variables;
}

/**
 * Reads the variables that `schema` names (one key per variable). A variable may also be given as a file, by
 * `<NAME>_FILE`. An empty string counts as a value, except for variables of `emptyIsUnset`. `together` finds problems
 * between variables. Throws ConfigError, which names all problems.
 */
export function parseConfig<S extends z.ZodObject>(
  schema: S,
  env: Environment,
  ...together: ((config: z.output<S>) => string[])[]
): z.output<S> {
  const problems: string[] = [];
  const given: Record<string, string> = {};
  const files: Record<string, { path: string; text: string }> = {};
  for (const name of Object.keys(schema.shape)) {
    const file = env[`${name}_FILE`];
    const value = env[name] === '' && UNSET_BY_EMPTY.has(schema.shape[name]) ? undefined : env[name];
    // A Secret that was made from a file often ends with a line break, which is never part of the value.
    if (value !== undefined) given[name] = value.replace(/[\r\n]+$/, '');
    else if (file) {
      try {
        const text = valueIn(file);
        given[name] = text;
        files[name] = { path: file, text };
      } catch {
        problems.push(`${name}_FILE: cannot be read`);
      }
    }
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) problems.push(...parsed.error.issues.map(describe(given)));
  else problems.push(...together.flatMap((check) => check(parsed.data as z.output<S>)));
  if (problems.length > 0) throw new ConfigError(problems);
  return noteFiles(parsed.data as z.output<S>, files);
}

const describe = (given: Record<string, string>) => (issue: z.core.$ZodIssue) => {
  const name = String(issue.path[0] ?? 'configuration');
  const inside = issue.path.slice(1).join('.');
  if (issue.path.length === 1 && given[name] === undefined) return `${name}: is required`;
  return `${name}${inside && `, at ${inside}`}: ${issue.message}`;
};

/**
 * `parseConfig` for a service's main. Warns about values that ended with a line break, prints every problem as a JSON
 * log line, and ends the process with exit code 78.
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  env: Environment,
  ...together: ((config: z.output<S>) => string[])[]
): z.output<S> {
  try {
    const config = parseConfig(schema, env, ...together);
    const broken = Object.keys(schema.shape).filter((name) => /[\r\n]$/.test(env[name] ?? ''));
    const msg = `a line break at the end of ${broken.join(', ')} was removed: the Secret was made from a file that ends with one`;
    if (broken.length > 0) process.stderr.write(`${JSON.stringify({ level: 'warn', msg })}\n`);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = error;
    process.stderr.write(`${JSON.stringify({ level: 'fatal', msg: 'the configuration cannot be used', problems })}\n`);
    process.exit(EXIT_CONFIG);
  }
}

const LOCAL_HOST = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\]|.+\.(svc|cluster\.local|local|internal)|[^.]+)$/;

/** An origin or base URL without trailing slashes; plain `http:` only for loopback and cluster-local hosts. */
export const baseUrl = () =>
  z
    .string()
    .transform((value) => value.trim().replace(/\/+$/, ''))
    .refine((value) => URL.canParse(value), 'must be an absolute URL')
    .refine((value) => {
      if (!URL.canParse(value)) return true;
      const { protocol, hostname } = new URL(value);
      return protocol === 'https:' || (protocol === 'http:' && LOCAL_HOST.test(hostname));
    }, 'must be an https URL (http is accepted for loopback and cluster-local hosts only)');

/** A whole number from a variable. */
export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

/** Exactly `true` or `false`. */
export const flag = () => z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');

/** A secret or id that needs a real value: placeholders of the original and of templates are refused. */
export const noPlaceholder = (placeholders: readonly string[]) =>
  z
    .string()
    .min(1, 'must not be empty')
    .refine((value) => !placeholders.includes(value.trim()), 'still has its placeholder value');

/** A comma-separated list, trimmed, without empty entries. */
export const commaList = () =>
  z.string().transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  );

/** The variables of every service. */
export const serviceConfig = {
  HTTP_PORT: integer(0, 65535).default(8080).describe('Port of the service'),
  HTTP_HEALTH_PATH: z
    .string()
    .regex(/^\/[\w./-]*$/, 'must be a path such as /healthz')
    .default('/healthz')
    .describe("Path on HTTP_PORT that answers a cloud load balancer's health check: 200 when ready, else 503"),
  HTTP_KEEP_ALIVE_MS: integer(1_000, 3_600_000)
    .default(75_000)
    .describe('How long an idle connection is kept, in ms; longer than the load balancer in front keeps it'),
  METRICS_PORT: integer(0, 65535).default(9464).describe('Port of /livez, /readyz and /metrics'),
  METRICS_HOST: z
    .string()
    .min(1)
    .optional()
    .describe('Address that METRICS_PORT listens on; default all, as kubelet and Prometheus need it in a pod'),
  ADMIN_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe(
      'Callers that send this token as Bearer may change the log level from other machines; default: only callers in the same pod may',
    ),
  ...emptyIsUnset({
    LOG_LEVEL: z.enum(LOG_LEVELS).optional().describe('Log level; default LOGGER_LEVEL, else info'),
    LOGGER_LEVEL: z
      .enum(LOG_LEVELS)
      .optional()
      .describe("Log level under the original connector's name; LOG_LEVEL wins"),
  }),
  SHUTDOWN_GRACE_MS: integer(0, 600_000)
    .default(0)
    .describe('How long the service stays reachable after SIGTERM before work stops, in ms'),
};
