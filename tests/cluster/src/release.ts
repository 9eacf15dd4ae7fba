import { join } from 'node:path';
import { imageValues, REPOSITORY } from './images.ts';

export interface RunOptions {
  readonly ingress: { readonly url: string; readonly host: string; readonly className: string | undefined };
  readonly images: {
    readonly registry: string;
    readonly loadWith: string | undefined;
    readonly base: string | undefined;
    /** Full name of the broker's image, when none is to be built. */
    readonly kafka: string | undefined;
    readonly isBuilt: boolean;
  };
  readonly namespace: string;
  readonly payments: number;
  readonly meanwhile: number;
  /** Further values as `path=JSON`. */
  readonly set: readonly string[];
  readonly keep: boolean;
  readonly onProgress: (line: string) => void;
}

export const CHART = join(REPOSITORY, 'charts/stripe-connector');
export const RELEASE = 'e2e';
export const FULLNAME = `${RELEASE}-stripe-connector`;
export const TAGS = ['e2e-a', 'e2e-b'] as const;
export const SERVICES = ['session-auth', 'intent', 'webhook-ingest', 'ledger', 'enabler'] as const;
export const SCALED = ['session-auth', 'intent', 'webhook-ingest', 'enabler'] as const;
export const WAIT = ['--wait', '--timeout', '5m'];

/** The chart's values for this run, as `--set-json` pairs. */
export function valuesOf(options: RunOptions, broker: string, tag: string): Record<string, unknown> {
  const { ingress, images } = options;
  const { defaults, kafka } = imageValues(images.registry, tag, broker);
  const scaling = {
    enabled: true,
    minReplicas: 2,
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 60,
    behavior: { scaleDown: { stabilizationWindowSeconds: 15 } },
  };
  return {
    publicUrl: publicUrlOf(options),
    ingress: { enabled: true, hosts: [ingress.host], ...(ingress.className && { className: ingress.className }) },
    'defaults.image': defaults.image,
    'kafka.bundled.image': kafka?.bundled.image,
    'defaults.resources.requests': { cpu: '50m', memory: '96Mi' },
    // The simulators' state must survive: they stay while the services change.
    'simulators.image.tag': TAGS[0],
    // The preset's grace is for quick trials; a rollout without a failed request needs the default one.
    'settings.SHUTDOWN_GRACE_MS': 10_000,
    'settings.LOG_LEVEL': 'info',
    // The load that triggers the autoscalers comes from one address.
    'settings.RATE_LIMIT_DENIALS_PER_ADDRESS': 0,
    'settings.RATE_LIMIT_REQUESTS_PER_ADDRESS': 0,
    ...Object.fromEntries(SCALED.map((name) => [`services.${name}.autoscaling`, scaling])),
  };
}

export const setAll = (values: Record<string, unknown>): string[] =>
  Object.entries(values).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);

/** Where a browser finds the release. */
export function publicUrlOf({ ingress }: RunOptions): string {
  const url = new URL(ingress.url);
  url.hostname = ingress.host;
  return url.origin;
}
