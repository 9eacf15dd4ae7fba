import { kafkaConfig } from '@connector/kafka';
import { integer, serviceConfig } from '@connector/lifecycle';
import * as z from 'zod';

/** A JSON object of texts or numbers. */
const jsonObject = <T extends z.ZodType>(values: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(z.record(z.string(), values));

/** Every variable the command ensure-topics reads. */
export const ensureTopicsConfigSchema = z.object({
  LOG_LEVEL: serviceConfig.LOG_LEVEL,
  LOGGER_LEVEL: serviceConfig.LOGGER_LEVEL,
  ...kafkaConfig,
  KAFKA_TOPICS_REPLICATION: integer(-1, 100)
    .default(-1)
    .describe("Replication of new topics; -1 = the cluster's default"),
  KAFKA_TOPICS_PARTITIONS: jsonObject(z.int().min(1))
    .default({})
    .describe('JSON: partitions of new topics by name without prefix, where they differ from the default'),
  KAFKA_TOPICS_CONFIG: jsonObject(z.string())
    .default({})
    .describe('JSON: settings of new topics on top of the default ones'),
});
