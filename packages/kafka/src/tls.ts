import { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { type Logger, metrics } from '@connector/telemetry';
import type { ISocketFactory } from 'kafkajs';
import { type KafkaEnvironment, pem } from './config.ts';

const KEEP_ALIVE_MS = 60_000;

/** The TLS settings from the present variables and files. Throws the errors of reading a file. */
export function tlsOptions(
  env: KafkaEnvironment,
): tls.SecureContextOptions & { rejectUnauthorized: true; servername?: string } {
  const [ca, cert, key] = [pem(env.KAFKA_SSL_CA), pem(env.KAFKA_SSL_CERT), pem(env.KAFKA_SSL_KEY)];
  exportExpiry('kafka_ca', ca);
  exportExpiry('kafka_client', cert);
  return {
    rejectUnauthorized: true,
    ...(ca && { ca: [ca] }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(env.KAFKA_SSL_SERVERNAME && { servername: env.KAFKA_SSL_SERVERNAME }),
  };
}

/**
 * Sockets to the brokers. Each new TLS connection reads the certificate files again, so that a rotation needs no
 * restart. Files that cannot be used, as during their replacement, are tried again by the next connection, and the last
 * good ones are used.
 */
export function brokerSockets(env: KafkaEnvironment, log: Logger): ISocketFactory {
  let good: ReturnType<typeof tlsOptions> | undefined;
  const current = () => {
    try {
      const options = tlsOptions(env);
      tls.createSecureContext(options);
      good = options;
    } catch (error) {
      if (!good) throw error;
      log.warn({ error }, 'the certificates for Kafka cannot be used, the last good ones stay in use');
    }
    return good;
  };
  return ({ host, port, ssl, onConnect }) => {
    const name = net.isIP(host) ? {} : { servername: host };
    const socket = ssl
      ? tls.connect({ host, port, ...name, ...current() }, onConnect)
      : net.connect({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return socket;
  };
}

const ONE_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Exports when the first of a PEM text's certificates expires. One that cannot be read makes the connection fail, which
 * is reported there.
 */
function exportExpiry(certificate: 'kafka_ca' | 'kafka_client', text: string | undefined): void {
  const ends = (text?.match(ONE_CERTIFICATE) ?? []).flatMap((one) => {
    try {
      return [new X509Certificate(one).validToDate.getTime()];
    } catch {
      return [];
    }
  });
  if (ends.length > 0) metrics.certificateExpiry.set({ certificate }, Math.min(...ends) / 1000);
}
