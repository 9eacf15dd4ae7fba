import { type Commercetools, INTERACTION_TYPE } from '@connector/commercetools';
import { NotFoundError } from '@connector/errors';
import type { Component } from '@connector/lifecycle';
import type { Logger } from '@connector/telemetry';

const HOUR_MS = 60 * 60 * 1000;

/**
 * Knows whether the project has the custom type for interface interactions: looked up at start and every hour. Without
 * the type no interaction is written, and one warning is logged; no payment depends on interactions (rulings 10).
 */
export function createInteractionType(
  { api, call }: Commercetools,
  log: Logger,
): Component & { key(): string | undefined } {
  let present = false;
  let warned = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    try {
      await call('types.get', api.types().withKey({ key: INTERACTION_TYPE }).get());
      present = true;
    } catch (error) {
      const missing = error instanceof NotFoundError;
      if (missing) present = false;
      const why = missing ? { reason: 'the project does not have the type' } : { error };
      if (!warned) log.warn({ ...why, type: INTERACTION_TYPE }, 'events are not recorded as interface interactions');
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
