import type { KeyObject } from 'node:crypto';
import { followSecrets } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';
import { parseSigningSecrets } from '../config.ts';
import { signingKey } from '../domain/verify-signature.ts';

const NAME = 'STRIPE_WEBHOOK_SIGNING_SECRET';

/** The signing secrets as HMAC keys, the current one first; if they come from a file, they follow its changes. */
export function signingSecrets(
  config: { readonly [NAME]: readonly string[] },
  log: Pick<Logger, 'info' | 'warn'>,
): () => readonly KeyObject[] {
  const secrets = followSecrets(config, [NAME], {
    log,
    isUsable: (values) => parseSigningSecrets(values[NAME]) !== undefined,
  });
  let text = secrets()[NAME];
  let keys = config[NAME].map(signingKey);
  return () => {
    const now = secrets()[NAME];
    if (now !== text) {
      text = now;
      keys = (parseSigningSecrets(now) ?? []).map(signingKey);
    }
    return keys;
  };
}
