import { serviceConfig } from '@connector/lifecycle';
import * as z from 'zod';

/** Every variable the service reads. */
export const configSchema = z.object({
  ...serviceConfig,
  ENABLER_FILES: z.string().min(1).default('public').describe("Folder of the enabler's build"),
});
