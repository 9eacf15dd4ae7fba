import { TransientError } from '@connector/errors';
import { metrics } from '@connector/telemetry';

/**
 * Repeats a read once when its connection was closed, which happens when the other side closes an idle connection just
 * as it is used. Time-outs and refusals are not repeated, because somebody is waiting and the other side may be busy.
 */
export async function retryOnReset<T>(operation: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TransientError) || error.reason !== 'connection') throw error;
    metrics.apiRetries.inc({ api: 'commercetools', operation, reason: error.reason });
    return work();
  }
}
