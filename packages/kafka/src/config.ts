import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { baseUrl, commaList, flag } from '@connector/lifecycle';
import * as z from 'zod';
import type { BrokerAddress } from './kafkajs-internals/connection.ts';

const HOST_AND_PORT = /^(?:\[(?<v6>[^\s[\]]+)\]|(?<name>[^\s:[\]]+)):(?<port>\d+)$/;

/** Host (without the brackets of an IPv6 address) and port of a bootstrap broker; undefined when `text` is not one. */
export function addressOf(broker: string): BrokerAddress | undefined {
  const { v6, name, port } = HOST_AND_PORT.exec(broker)?.groups ?? {};
  const host = v6 && isIPv6(v6) ? v6 : name;
  return host ? { host, port: Number(port) } : undefined;
}

/** The variables of the Kafka connection, for a service's schema. */
export const kafkaConfig = {
  KAFKA_BROKERS: commaList()
    .refine((brokers) => brokers.length > 0, 'must name at least one host:port')
    .refine((brokers) => brokers.every((broker) => addressOf(broker)), 'must be host:port, comma-separated')
    .describe('Bootstrap brokers, host:port, comma-separated; an IPv6 address in brackets'),
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]*$/, 'may have letters, digits, dots, dashes and underscores only')
    .default('')
    .describe('Prefix of every topic and consumer group'),
  KAFKA_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'may have letters, digits, dots, dashes and underscores only')
    .optional()
    .describe(
      'Name of this installation, appended to the client id, so that other installations in the same group are noticed',
    ),
  KAFKA_CLIENT_ID: z.string().min(1).optional().describe("Client id in the broker's logs; default the service's name"),
  KAFKA_SSL_ENABLED: flag().default(false).describe('TLS to the brokers'),
  KAFKA_SSL_CA: z.string().optional().describe('CA certificate: PEM text or a file path'),
  KAFKA_SSL_CERT: z.string().optional().describe('Client certificate for mTLS: PEM text or a file path'),
  KAFKA_SSL_KEY: z.string().optional().describe('Key of the client certificate: PEM text or a file path'),
  KAFKA_SSL_SERVERNAME: z.string().optional().describe('Server name to verify, when it differs from the host'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws-msk-iam'])
    .optional()
    .describe(
      'SASL mechanism: plain, scram-sha-256, scram-sha-512, oauthbearer (OpenID Connect) or aws-msk-iam; unset = none',
    ),
  KAFKA_SASL_USERNAME: z.string().min(1).optional().describe('SASL user'),
  KAFKA_SASL_PASSWORD: z.string().min(1).optional().describe('SASL password'),
  KAFKA_SASL_OAUTH_TOKEN_URL: baseUrl()
    .optional()
    .describe('Token endpoint of the OpenID Connect provider, for oauthbearer'),
  KAFKA_SASL_OAUTH_CLIENT_ID: z.string().min(1).optional().describe('Client id at the token endpoint'),
  KAFKA_SASL_OAUTH_CLIENT_SECRET: z.string().min(1).optional().describe('Client secret at the token endpoint (secret)'),
  KAFKA_SASL_OAUTH_SCOPE: z.string().min(1).optional().describe('Scope for the token endpoint, if it needs one'),
  KAFKA_SASL_OAUTH_AUDIENCE: z.string().min(1).optional().describe('Audience for the token endpoint, if it needs one'),
  KAFKA_SASL_AWS_REGION: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as eu-west-1')
    .optional()
    .describe("Region of the MSK cluster, for aws-msk-iam; the credentials are the pod's AWS identity"),
  KAFKA_RACK_ID: z
    .string()
    .min(1)
    .optional()
    .describe('Rack or zone of this process: consumers then read from a replica there, where the brokers allow it'),
};

export type KafkaEnvironment = z.output<z.ZodObject<typeof kafkaConfig>>;

/** Missing settings of those that must come together, one line per problem; for `readConfig`. */
export function checkKafkaEnvironment(env: KafkaEnvironment): string[] {
  const problems: string[] = [];
  const mechanism = env.KAFKA_SASL_MECHANISM;
  const isByPassword = mechanism === 'plain' || mechanism?.startsWith('scram-');
  if (isByPassword && !(env.KAFKA_SASL_USERNAME && env.KAFKA_SASL_PASSWORD)) {
    problems.push(`KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: are required with KAFKA_SASL_MECHANISM=${mechanism}`);
  }
  if (mechanism === 'oauthbearer') {
    const missing = (
      ['KAFKA_SASL_OAUTH_TOKEN_URL', 'KAFKA_SASL_OAUTH_CLIENT_ID', 'KAFKA_SASL_OAUTH_CLIENT_SECRET'] as const
    ).filter((name) => !env[name]);
    problems.push(...missing.map((name) => `${name}: is required with KAFKA_SASL_MECHANISM=oauthbearer`));
  }
  if (mechanism === 'aws-msk-iam') {
    if (!env.KAFKA_SASL_AWS_REGION)
      problems.push('KAFKA_SASL_AWS_REGION: is required with KAFKA_SASL_MECHANISM=aws-msk-iam');
    if (!env.KAFKA_SSL_ENABLED) problems.push('KAFKA_SSL_ENABLED: must be true with KAFKA_SASL_MECHANISM=aws-msk-iam');
  }
  if (Boolean(env.KAFKA_SSL_CERT) !== Boolean(env.KAFKA_SSL_KEY)) {
    problems.push('KAFKA_SSL_CERT and KAFKA_SSL_KEY: must be given together');
  }
  return problems;
}

/** PEM text: `value` itself, or the content of the file that it names. */
export const pem = (value: string | undefined): string | undefined =>
  value === undefined || value.includes('-----BEGIN') ? value : readFileSync(value, 'utf8');
