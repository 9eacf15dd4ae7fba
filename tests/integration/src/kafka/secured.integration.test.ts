import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafka, ensureTopics, inspectCluster, type KafkaEnvironment } from '@connector/kafka';
import { type RunningKafka, startKafka } from '@connector/sandbox/kafka';
import { createLogger } from '@connector/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';

const log = createLogger('test', 'silent');
const folder = mkdtempSync(join(tmpdir(), 'kafka-tls-'));
const file = (name: string) => join(folder, name);
// A broker of its own: its listeners want client certificates, and OAuth tokens.
let broker: RunningKafka;
/** An OpenID Connect provider whose tokens the broker's unsecured validator takes. */
let provider: Server;
let tokens = 0;

const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
function authority(name: string): void {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    file(`${name}.key`),
    '-out',
    file(`${name}.crt`),
  );
}
/** A certificate for 127.0.0.1 and its PKCS#8 key, signed by the authority `ca`. */
function certificate(name: string, ca: string): void {
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    file(`${name}.key`),
    '-out',
    file(`${name}.csr`),
  );
  writeFileSync(file('san'), 'subjectAltName=IP:127.0.0.1\n');
  openssl(
    'x509',
    '-req',
    '-days',
    '2',
    '-in',
    file(`${name}.csr`),
    '-CA',
    file(`${ca}.crt`),
    '-CAkey',
    file(`${ca}.key`),
    '-CAcreateserial',
    '-extfile',
    file('san'),
    '-out',
    file(`${name}.crt`),
  );
}

beforeAll(async () => {
  authority('ca');
  authority('stranger');
  certificate('broker', 'ca');
  certificate('client', 'ca');
  certificate('unknown', 'stranger');
  writeFileSync(
    file('broker.pem'),
    readFileSync(file('broker.key'), 'utf8') + readFileSync(file('broker.crt'), 'utf8'),
  );
  broker = await startKafka({
    listeners: { MTLS: 'SSL', OAUTH: 'SASL_PLAINTEXT' },
    settings: {
      'listener.name.mtls.ssl.keystore.type': 'PEM',
      'listener.name.mtls.ssl.keystore.location': file('broker.pem'),
      'listener.name.mtls.ssl.truststore.type': 'PEM',
      'listener.name.mtls.ssl.truststore.location': file('ca.crt'),
      'listener.name.mtls.ssl.client.auth': 'required',
      'listener.name.oauth.sasl.enabled.mechanisms': 'OAUTHBEARER',
      'listener.name.oauth.oauthbearer.sasl.jaas.config':
        'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
    },
  });
  provider = createServer((req, res) => {
    const isRight = req.headers.authorization === `Basic ${Buffer.from('connector:secret').toString('base64')}`;
    if (!isRight) return res.writeHead(401).end('{"error":"invalid_client"}');
    tokens += 1;
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'none' })}.${part({ sub: 'connector', iat: now, exp: now + 300 })}.`;
    return res.writeHead(200).end(JSON.stringify({ access_token: token, expires_in: 300 }));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  provider?.closeAllConnections();
  provider?.close();
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const brokersOf = async (listener: string, over: Partial<KafkaEnvironment>): Promise<number> => {
  const env: KafkaEnvironment = {
    KAFKA_BROKERS: [broker.listeners[listener] ?? ''],
    KAFKA_TOPIC_PREFIX: '',
    KAFKA_SSL_ENABLED: false,
    ...over,
  };
  return (await inspectCluster(createKafka(env, { clientId: 'test', log }), [])).brokers;
};

it('comes in by an OpenID Connect token, with one token for all connections', async () => {
  const settings: Partial<KafkaEnvironment> = {
    KAFKA_SASL_MECHANISM: 'oauthbearer',
    KAFKA_SASL_OAUTH_TOKEN_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
    KAFKA_SASL_OAUTH_CLIENT_ID: 'connector',
    KAFKA_SASL_OAUTH_CLIENT_SECRET: 'secret',
  };
  expect(await brokersOf('OAUTH', settings)).toBe(1);
  expect(tokens).toBe(1);
  await expect(brokersOf('OAUTH', { ...settings, KAFKA_SASL_OAUTH_CLIENT_SECRET: 'wrong' })).rejects.toThrow('401');
});

it('comes in by a client certificate, and takes up a rotated one on the next connection without a restart', async () => {
  for (const part of ['crt', 'key']) cpSync(file(`unknown.${part}`), file(`mounted.${part}`));
  const env: KafkaEnvironment = {
    KAFKA_BROKERS: [broker.listeners.MTLS ?? ''],
    KAFKA_TOPIC_PREFIX: '',
    KAFKA_SSL_ENABLED: true,
    KAFKA_SSL_CA: file('ca.crt'),
    KAFKA_SSL_CERT: file('mounted.crt'),
    KAFKA_SSL_KEY: file('mounted.key'),
  };
  const kafka = createKafka(env, { clientId: 'test', log });
  await expect(inspectCluster(kafka, [])).rejects.toThrow();

  for (const part of ['crt', 'key']) cpSync(file(`client.${part}`), file(`mounted.${part}`));
  expect(await ensureTopics(kafka, [{ name: 'by-mtls', partitions: 2, config: {} }])).toEqual(['by-mtls']);
  expect((await inspectCluster(kafka, ['by-mtls'])).topics.get('by-mtls')).toMatchObject({
    partitions: 2,
    replicas: 1,
  });

  // In the middle of a replacement key and certificate do not fit: the last good pair is used.
  cpSync(file('unknown.key'), file('mounted.key'));
  expect((await inspectCluster(kafka, [])).brokers).toBe(1);
});

it('refuses a broker whose certificate is of another authority', async () => {
  const pair = { KAFKA_SSL_CERT: file('client.crt'), KAFKA_SSL_KEY: file('client.key') };
  const settings = { KAFKA_SSL_ENABLED: true, ...pair };
  await expect(brokersOf('MTLS', { ...settings, KAFKA_SSL_CA: file('stranger.crt') })).rejects.toThrow();
  expect(await brokersOf('MTLS', { ...settings, KAFKA_SSL_CA: file('ca.crt') })).toBe(1);
});
