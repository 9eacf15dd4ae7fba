import type { Commercetools } from '@connector/commercetools';
import { NotFoundError, type Part } from '@connector/service-kit';
import type { Logger } from '@connector/telemetry';

/** Key of the type that Checkout's tools read interface interactions in. */
export const INTERACTION_TYPE = 'commercetools-checkout-payment-interface-interaction';

const HOUR_MS = 60 * 60 * 1000;

/**
 * Knows whether the project has the type for interface interactions: asked at start and every hour. Without it the records are left out,
 * said once; they are a record, and no payment waits for it.
 */
export function createInteractionType({ api, call }: Commercetools, log: Logger): Part & { key(): string | undefined } {
  let present = false;
  let warned = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    try {
      await call('types.get', api.types().withKey({ key: INTERACTION_TYPE }).get());
      present = true;
    } catch (error) {
      if (error instanceof NotFoundError) present = false;
      if (!warned) log.warn({ error, type: INTERACTION_TYPE }, 'events are not recorded as interface interactions');
      warned = true;
    }
  };
  return {
    name: 'interface interaction type',
    start: async () => {
      void look();
      timer = setInterval(() => void look(), HOUR_MS);
      timer.unref();
    },
    stop: async () => clearInterval(timer),
    key: () => (present ? INTERACTION_TYPE : undefined),
  };
}
