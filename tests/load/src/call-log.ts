import type { Environment } from './environment/environment.ts';
import { request } from './shop.ts';

/** A call that the simulated commercetools has answered. */
export interface LoggedCall {
  readonly seq: number;
  readonly at: string;
  readonly ms: number;
  readonly path: string;
  readonly status: number;
}

export const logOf = async (environment: Environment, query: string): Promise<LoggedCall[]> =>
  (await request('GET', `${environment.commercetools}/_sandbox/log?${query}`)).json;

/** How many calls it has answered so far. */
export async function callsAt(environment: Environment): Promise<number> {
  const [last] = await logOf(environment, 'limit=1');
  return last?.seq ?? 0;
}
