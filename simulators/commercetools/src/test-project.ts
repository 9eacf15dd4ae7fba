import { type ApiRoot, createApiBuilderFromCtpClient } from '@commercetools/platform-sdk';
import { ClientBuilder } from '@commercetools/ts-client';
import type { CommercetoolsSimulator } from './controls.ts';
import { type SimulatorOptions, startCommercetoolsSimulator } from './simulator.ts';

/** A simulated project with the real SDK on it, for tests. */
export interface TestProject extends AsyncDisposable {
  simulator: CommercetoolsSimulator;
  project: ReturnType<ApiRoot['withProjectKey']>;
  /** A plain call with a token of the default client; `path` is below the project. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }>;
}

/** The fields of any answer that tests read. */
export interface Answer {
  id: string;
  version: number;
  message: string;
  errors: { code: string; field?: string; currentVersion?: number }[];
  results: { id: string; key?: string }[];
  [field: string]: unknown;
}

export async function testProject(options: SimulatorOptions = {}): Promise<TestProject> {
  const simulator = await startCommercetoolsSimulator(options);
  const { url, projectKey, clientId, clientSecret } = simulator;
  const client = new ClientBuilder()
    .withClientCredentialsFlow({
      host: url,
      projectKey,
      credentials: { clientId, clientSecret },
      httpClient: fetch,
    })
    .withHttpMiddleware({ host: url, httpClient: fetch })
    .build();
  return {
    simulator,
    project: createApiBuilderFromCtpClient(client).withProjectKey({ projectKey }),
    async call(method, path, body) {
      const response = await fetch(`${url}/${projectKey}${path}`, {
        method,
        headers: { authorization: `Bearer ${simulator.issueToken()}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Answer };
    },
    [Symbol.asyncDispose]: () => simulator.close(),
  };
}
