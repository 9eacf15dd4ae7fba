import { TransientError } from '@connector/errors';
import { metrics } from '@connector/telemetry';

/**
 * Does work that changes nothing once more when its connection was cut, as happens when the other side closes an idle one just
 * as it is used. Time-outs and refusals are not repeated: somebody waits, and the other side may be busy.
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
