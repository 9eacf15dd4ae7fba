import { type Attributes, contextFrom, inSpan, type Span, SpanKind } from '@connector/telemetry';

/** A message's names in spans; topic and group without the configured prefix. */
export interface SpannedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Runs `work` in the span `process <topic>` of one message, a child of the span of its sending. Attributes follow
 * version 1.44 of the messaging conventions (in development).
 */
export function processing<T>(
  { topic, partition, offset, key, headers }: SpannedMessage,
  { group, clientId }: { group: string; clientId: string },
  work: (span: Span) => Promise<T> | T,
): Promise<T> {
  const attributes: Attributes = {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'messaging.consumer.group.name': group,
    'messaging.client.id': clientId,
    'messaging.kafka.offset': Number(offset),
    'messaging.kafka.message.key': key,
    ...(headers.ce_id && { 'messaging.message.id': headers.ce_id }),
  };
  return inSpan(`process ${topic}`, { kind: SpanKind.CONSUMER, attributes, parent: contextFrom({ ...headers }) }, work);
}
