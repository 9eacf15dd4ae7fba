import { SingleFlight } from '@connector/http';
import { followSecrets } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';
import * as z from 'zod';
import type { KafkaEnvironment } from './config.ts';

/** A bearer token for SASL/OAUTHBEARER, with its expiry in ms since the epoch. */
export interface BearerToken {
  readonly value: string;
  readonly expiresAt: number;
}

/** Share of its life after which a token is replaced: the broker asks for a new one shortly before the expiry. */
const RENEW_AFTER = 0.8;
/**
 * Pauses before the second, third, … request for a token, in ms. kafkajs would treat one failure as final and end the
 * consumer.
 */
const RETRY_DELAYS_MS = [200, 500, 1_000, 2_000];
const TIMEOUT_MS = 5_000;

/**
 * `source`'s tokens for kafkajs: one for all connections, replaced after four fifths of its life. While the source is
 * away, a valid token stays in use; without one the source is asked a few more times within 4 s. Throws the source's
 * last error.
 */
export function cachedTokens(
  source: () => Promise<BearerToken>,
  { now = Date.now, delaysMs = RETRY_DELAYS_MS }: { now?: () => number; delaysMs?: readonly number[] } = {},
): () => Promise<BearerToken> {
  const flight = new SingleFlight<BearerToken>();
  let current: BearerToken | undefined;
  let renewAt = 0;

  const renew = async (): Promise<BearerToken> => {
    for (let attempt = 0; ; attempt += 1) {
      const asked = now();
      try {
        current = await source();
        renewAt = asked + (current.expiresAt - asked) * RENEW_AFTER;
        return current;
      } catch (error) {
        if (current && now() < current.expiresAt) return current;
        const delay = delaysMs[attempt];
        if (delay === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  };
  return async () => (current && now() < renewAt ? current : flight.run('token', renew));
}

const answerSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(300) });

/**
 * Tokens of an OpenID Connect provider by client credentials (RFC 6749, 4.4). Throws Error without any secret in its
 * message.
 */
export const oidcTokens = (env: KafkaEnvironment, log: Pick<Logger, 'info' | 'warn'>) => {
  const secrets = followSecrets(env, ['KAFKA_SASL_OAUTH_CLIENT_ID', 'KAFKA_SASL_OAUTH_CLIENT_SECRET'], {
    log,
    isUsable: ({ KAFKA_SASL_OAUTH_CLIENT_ID: id, KAFKA_SASL_OAUTH_CLIENT_SECRET: secret }) =>
      id !== '' && secret !== '',
  });
  return () => oidcToken(env, secrets());
};

async function oidcToken(
  env: KafkaEnvironment,
  secrets: Readonly<Record<'KAFKA_SASL_OAUTH_CLIENT_ID' | 'KAFKA_SASL_OAUTH_CLIENT_SECRET', string>>,
): Promise<BearerToken> {
  const { KAFKA_SASL_OAUTH_TOKEN_URL: url = '' } = env;
  // RFC 6749, 2.3.1: id and secret are form-encoded before they are joined.
  const pair = [secrets.KAFKA_SASL_OAUTH_CLIENT_ID, secrets.KAFKA_SASL_OAUTH_CLIENT_SECRET]
    .map((part) => new URLSearchParams({ part }).toString().slice(5))
    .join(':');
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  if (env.KAFKA_SASL_OAUTH_SCOPE) body.set('scope', env.KAFKA_SASL_OAUTH_SCOPE);
  if (env.KAFKA_SASL_OAUTH_AUDIENCE) body.set('audience', env.KAFKA_SASL_OAUTH_AUDIENCE);
  const asked = Date.now();
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}`, accept: 'application/json' },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the token server of Kafka answered ${answer.status}`);
  const parsed = answerSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw new Error('the token server of Kafka gave no token');
  return { value: parsed.data.access_token, expiresAt: asked + parsed.data.expires_in * 1000 };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Tokens for Amazon MSK, signed by the pod's AWS identity for 15 minutes. AWS's packages are loaded only when this is
 * used.
 */
export const mskTokens = (region: string) => async (): Promise<BearerToken> => {
  const { generateAuthToken } = await import('./msk-signer.ts');
  const { token, expiryTime } = await generateAuthToken({ region });
  return { value: token, expiresAt: expiryTime };
};
