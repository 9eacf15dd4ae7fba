import { APIS_CASES } from './alert-cases/apis.ts';
import { KAFKA_CASES } from './alert-cases/kafka.ts';
import { OBJECTIVES_CASES } from './alert-cases/objectives.ts';
import { PAYMENTS_CASES } from './alert-cases/payments.ts';
import type { Case } from './alert-cases/series.ts';
import { WEBHOOKS_CASES } from './alert-cases/webhooks.ts';

/** For every alert at least one case in which it fires, and one in which it does not. */
export const ALERT_CASES: Readonly<Record<string, readonly Case[]>> = {
  ...OBJECTIVES_CASES,
  ...WEBHOOKS_CASES,
  ...KAFKA_CASES,
  ...PAYMENTS_CASES,
  ...APIS_CASES,
};
