import { connect } from 'node:net';
import { createLogger, metrics } from '@connector/telemetry';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { createKafka } from './client.ts';
import { kafkaConfig } from './config.ts';
import { ScriptedCluster } from './testing/scripted-cluster.ts';

/** Self-signed certificates, without their keys. */
const ENDS_DECEMBER_2027 = `-----BEGIN CERTIFICATE-----
MIIBdDCCARmgAwIBAgIUGsdi6mCq4gZb/9HjbrvZxb+Y0c0wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjUyMTQ4MjJaFw0yNzEyMzAyMTQ4MjJa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT1oXcC
ajqGmwK7yaazaHZ4YUsSh1PnEGSTb4fz8C09PZC45JtfvYJvbJS+kKMXGjqoaUZD
PVkgfBMsKLxPmimEo1MwUTAdBgNVHQ4EFgQUHswxJ5lXafVraNs0I+h2kd5RjUMw
HwYDVR0jBBgwFoAUHswxJ5lXafVraNs0I+h2kd5RjUMwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNJADBGAiEAvR414ZbaMVurNPZEujeWnJIOtjGGOim7HzfP
ijk8k+kCIQCegBNosw19FP/cxyeIiTj6DxBURA8kMQCsVxNAfDQVuA==
-----END CERTIFICATE-----`;
const ENDS_DECEMBER_2026 = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUG02wxU4B93cKrfFc0XGIhhU3P4YwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjUyMTQ4MjJaFw0yNjEyMjUyMTQ4MjJa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS7IFiQ
/kvR5Mjr22/fh9dE8PEJVnnI4lG8De6MHjv7b0ukrHR6PPtuFvgUbdcZy7YgoqQY
sLGCGok0SM2YUSWYo1MwUTAdBgNVHQ4EFgQUBFTQPhZpAfZFQXd+sUc2C8o0j0gw
HwYDVR0jBBgwFoAUBFTQPhZpAfZFQXd+sUc2C8o0j0gwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEA+pBT3jn76vMiX/qemWogkHBfl432hcyasS0Z
TI9lPJICIBBkHu2K1Z76RhrLi4hI6gI2BeJAixxIIxesWVZtaSTv
-----END CERTIFICATE-----`;

const connection = { KAFKA_BROKERS: ['localhost:9092'], KAFKA_TOPIC_PREFIX: '', KAFKA_SSL_ENABLED: true };
const options = { clientId: 'test', log: createLogger('test', 'silent') };

it('exports when the certificates in use expire; of several authorities the first to expire', async () => {
  createKafka(
    {
      ...connection,
      KAFKA_SSL_CA: `${ENDS_DECEMBER_2027}\n${ENDS_DECEMBER_2026}\n`,
      KAFKA_SSL_CERT: ENDS_DECEMBER_2027,
      KAFKA_SSL_KEY: '-----BEGIN EC PRIVATE KEY-----',
    },
    options,
  );
  const { values } = await metrics.certificateExpiry.get();
  expect(values.map(({ labels, value }) => [labels.certificate, new Date(value * 1000).toISOString()])).toEqual([
    ['kafka_ca', '2026-12-25T21:48:22.000Z'],
    ['kafka_client', '2027-12-30T21:48:22.000Z'],
  ]);
});

it('ignores a certificate that cannot be read, because the connection will report it', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----';
  expect(() => createKafka({ ...connection, KAFKA_SSL_CA: broken }, options)).not.toThrow();
});

it.each([
  ['[2001:db8::1]:9093', '2001:db8::1', 9093],
  ['kafka-0.kafka.svc:9092', 'kafka-0.kafka.svc', 9092],
  ['192.0.2.1:9092', '192.0.2.1', 9092],
])('connects to the bootstrap broker %s at its address', async (broker, host, port) => {
  const cluster = await ScriptedCluster.start({ brokers: 1 });
  const asked: object[] = [];
  const kafka = createKafka(
    { ...connection, KAFKA_SSL_ENABLED: false, KAFKA_BROKERS: [broker] },
    {
      ...options,
      socketFactory: ({ host, port, onConnect }) => {
        asked.push({ host, port });
        return connect(cluster.ports[0] ?? 0, '127.0.0.1', onConnect);
      },
    },
  );
  const admin = kafka.client.admin();
  try {
    await admin.connect();
    expect(asked[0]).toEqual({ host, port });
    expect(kafka.bootstrap).toEqual([{ host, port }]);
  } finally {
    await admin.disconnect();
    await cluster.stop();
  }
});

it.each(['kafka', 'kafka:', ':9092', '2001:db8::1:9092', '[kafka]:9092', '[2001:db8::1]', 'a b:9092'])(
  'refuses %s as a broker',
  (broker) => {
    const parsed = z.object(kafkaConfig).safeParse({ KAFKA_BROKERS: broker });
    expect(parsed.error?.issues.map(({ message }) => message)).toEqual(['must be host:port, comma-separated']);
  },
);
