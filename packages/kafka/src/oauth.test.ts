import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@connector/telemetry';
import { describe, expect, it } from 'vitest';
import { checkKafkaEnvironment, type KafkaEnvironment } from './config.ts';
import { type BearerToken, cachedTokens, mskTokens, oidcTokens } from './oauth.ts';

const log = createLogger('test', 'silent');
const env = (over: Partial<KafkaEnvironment> = {}): KafkaEnvironment => ({
  KAFKA_BROKERS: ['localhost:9092'],
  KAFKA_TOPIC_PREFIX: '',
  KAFKA_SSL_ENABLED: false,
  ...over,
});

describe('tokens for Kafka', () => {
  const world = (lifeMs = 900_000) => {
    const state = { time: 0, asked: 0, isDown: false };
    const source = async (): Promise<BearerToken> => {
      state.asked += 1;
      if (state.isDown) throw new Error('the provider is away');
      return { value: `token ${state.asked}`, expiresAt: state.time + lifeMs };
    };
    return { state, token: cachedTokens(source, { now: () => state.time, delaysMs: [1, 1] }) };
  };

  it('are shared by all connections, and replaced after four fifths of their life', async () => {
    const { state, token } = world();
    const first = await Promise.all([token(), token(), token()]);
    expect(first.map(({ value }) => value)).toEqual(['token 1', 'token 1', 'token 1']);
    state.time = 719_000;
    expect((await token()).value).toBe('token 1');
    state.time = 720_000;
    expect((await token()).value).toBe('token 2');
  });

  it('stay in use while the provider is away and they are valid', async () => {
    const { state, token } = world();
    await token();
    state.isDown = true;
    state.time = 800_000;
    expect((await token()).value).toBe('token 1');
  });

  it('are requested a few more times when there is none, before the failure is reported', async () => {
    const { state, token } = world();
    state.isDown = true;
    await expect(token()).rejects.toThrow('the provider is away');
    expect(state.asked).toBe(3);
    state.isDown = false;
    expect((await token()).value).toBe('token 4');
  });
});

it('come from an OpenID Connect provider by client credentials, whose refusals are reported without any secret', async () => {
  const seen: { authorization: string | undefined; body: string }[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    seen.push({ authorization: req.headers.authorization, body });
    const isRight = req.headers.authorization === `Basic ${Buffer.from('our%3Aclient:s%2Fecret').toString('base64')}`;
    res.writeHead(isRight ? 200 : 401, { 'content-type': 'application/json' });
    res.end(JSON.stringify(isRight ? { access_token: 'a-token', expires_in: 300 } : { error: 'invalid_client' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const settings = {
      KAFKA_SASL_OAUTH_TOKEN_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
      KAFKA_SASL_OAUTH_CLIENT_ID: 'our:client',
      KAFKA_SASL_OAUTH_CLIENT_SECRET: 's/ecret',
      KAFKA_SASL_OAUTH_SCOPE: 'kafka',
    };
    const token = await oidcTokens(env(settings), log)();
    expect(token.value).toBe('a-token');
    expect(token.expiresAt - Date.now()).toBeGreaterThan(290_000);
    expect(seen[0]?.body).toBe('grant_type=client_credentials&scope=kafka');
    const refused = oidcTokens(env({ ...settings, KAFKA_SASL_OAUTH_CLIENT_SECRET: 'wrong-secret' }), log)();
    await expect(refused).rejects.toThrow(/^the token server of Kafka answered 401$/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

it("for MSK are signed by the process's AWS identity for 15 minutes", async () => {
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'an-example-key' });
  try {
    const { value, expiresAt } = await mskTokens('eu-west-1')();
    const url = new URL(Buffer.from(value, 'base64url').toString());
    expect(url.host).toBe('kafka.eu-west-1.amazonaws.com');
    expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect');
    expect(Math.round((expiresAt - Date.now()) / 60_000)).toBe(15);
  } finally {
    process.env = before;
  }
});

it.each<[what: string, settings: Partial<KafkaEnvironment>, problem: string]>([
  ['a password that is missing', { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'a' }, 'KAFKA_SASL_PASSWORD'],
  ['no token endpoint', { KAFKA_SASL_MECHANISM: 'oauthbearer' }, 'KAFKA_SASL_OAUTH_TOKEN_URL'],
  ['MSK without its region', { KAFKA_SASL_MECHANISM: 'aws-msk-iam', KAFKA_SSL_ENABLED: true }, 'KAFKA_SASL_AWS_REGION'],
  ['MSK without TLS', { KAFKA_SASL_MECHANISM: 'aws-msk-iam', KAFKA_SASL_AWS_REGION: 'eu-west-1' }, 'KAFKA_SSL_ENABLED'],
])('%s is refused', (_what, settings, problem) => {
  expect(checkKafkaEnvironment(env(settings)).join()).toContain(problem);
});
