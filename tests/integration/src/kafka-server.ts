import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RunningKafka, startKafka } from '@connector/sandbox/kafka';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the address of the stage's broker is asked for. */
    kafkaServer: string;
  }
}

/** One broker for the files of the stage that ask for it (shared-kafka.ts), started with the first question and stopped after the last file. */
export default async function serveKafka(project: TestProject): Promise<() => Promise<void>> {
  let kafka: Promise<RunningKafka> | undefined;
  const server = createServer((_req, res) => {
    kafka ??= startKafka();
    kafka.then(
      ({ brokers }) => res.end(brokers),
      (error: unknown) => res.writeHead(503).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('kafkaServer', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await kafka?.then(
      (running) => running.stop(),
      () => {},
    );
  };
}
