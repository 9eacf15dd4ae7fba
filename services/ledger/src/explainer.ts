import { createCommercetools } from '@connector/commercetools';
import { JOB } from '@connector/http';
import { createProducer, type Kafka } from '@connector/kafka';
import { createStripe } from '@connector/stripe';
import type { Logger } from '@connector/telemetry';
import type * as z from 'zod';
import { commercetoolsPayments } from './adapters/commercetools-payments.ts';
import { kafkaMessages } from './adapters/kafka-messages.ts';
import { commercetoolsOrders } from './adapters/orders.ts';
import { stripeFacts } from './adapters/stripe-facts.ts';
import { stripeMoney } from './adapters/stripe-money.ts';
import { stripeSnapshots } from './adapters/stripe-snapshots.ts';
import { stripeStory } from './adapters/stripe-story.ts';
import type { reconcilePendingConfigSchema } from './config.ts';
import { type Explanation, explain } from './use-cases/explain.ts';

export { seenMessage } from './adapters/kafka-messages.ts';
export { reconcilePendingConfigSchema as explainConfigSchema } from './config.ts';
export { type Known, nothingKnown, type SeenDeadLetter, type SeenMessage, storyOf } from './domain/story.ts';
export type { Explanation } from './use-cases/explain.ts';

export interface Explainer {
  /**
   * The story of the payment with this id, key or number; an event that waits for longer than `handledWithinMs` is
   * parked.
   */
  explain(asked: string, handledWithinMs?: number): Promise<Explanation>;
  close(): Promise<void>;
}

/** Explains payments with the ledger's own configuration and rights, for the command and for the sandbox's timeline. */
export function createExplainer(
  config: z.output<typeof reconcilePendingConfigSchema>,
  { kafka, log }: { readonly kafka: Kafka; readonly log: Logger },
): Explainer {
  const commercetools = createCommercetools(config, { log, claim: JOB });
  const stripe = createStripe(config, { log, claim: JOB });
  const deps = {
    projectKey: commercetools.projectKey,
    payments: commercetoolsPayments(commercetools),
    orders: commercetoolsOrders(commercetools),
    money: stripeMoney(stripe),
    snapshots: stripeSnapshots(stripe),
    stripe: stripeFacts(stripe),
    story: stripeStory(stripe),
    // The producer is never started, because nothing is sent.
    messages: kafkaMessages(kafka, createProducer(kafka)),
    now: () => new Date(),
  };
  return {
    explain: (asked, handledWithinMs) => explain(deps, asked, handledWithinMs),
    close: async () => {
      await Promise.all([commercetools.close(), stripe.close()]);
    },
  };
}
