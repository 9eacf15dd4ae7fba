import { headerOf } from '@connector/contracts';
import type { KafkaMessage } from 'kafkajs';

/** All headers of a message as text. */
export function headersOf({ headers: given }: Pick<KafkaMessage, 'headers'>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(given ?? {})) headers[name] = headerOf(given, name) ?? '';
  return headers;
}
