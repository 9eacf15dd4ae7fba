import * as z from 'zod';

/** How webhooks misbehave; what is absent stays as it is. Times in ms. */
export const webhookSettingsSchema = z
  .strictObject({
    /** Each delivery waits a random time up to this, so that events overtake each other. `true` = 1000. */
    shuffle: z.union([z.boolean().transform((on) => (on ? 1000 : 0)), z.number().int().min(0).max(600_000)]),
    /** How many times each event is delivered, drawn evenly from min to max. */
    duplicates: z.strictObject({ min: z.number().int().min(1).max(20), max: z.number().int().min(1).max(20) }),
    delayMs: z.number().int().min(0).max(600_000),
    jitterMs: z.number().int().min(0).max(600_000),
    paused: z.boolean(),
    /** How far Stripe's clock is ahead of everybody else's; negative = behind. It signs with that time. */
    clockSkewMs: z.number().int().min(-86_400_000).max(86_400_000),
    /** Waits before the second, third, … attempt; when they are used up the delivery has failed. */
    retryDelaysMs: z.array(z.number().int().min(0).max(86_400_000)),
  })
  .partial();
export type WebhookSettings = z.input<typeof webhookSettingsSchema>;

export const DEFAULT_WEBHOOK_SETTINGS = {
  shuffle: 0,
  duplicates: { min: 1, max: 1 },
  delayMs: 0,
  jitterMs: 0,
  paused: false,
  clockSkewMs: 0,
  retryDelaysMs: [250, 500, 1000, 2000, 4000, 8000, 15_000, ...new Array<number>(60).fill(30_000)],
};
