import type { CompressionTypes, Message, RecordMetadata } from 'kafkajs';
import type { KafkaConnection, ProducerKind } from './client';

const ACKS_ALL = -1;

/** Sends to one topic. After a failure the producer is replaced, so that the next send starts clean. */
export async function send(
  connection: KafkaConnection,
  request: { topic: string; messages: Message[]; acks: number; compression: CompressionTypes },
): Promise<RecordMetadata[]> {
  const kind: ProducerKind = request.acks === ACKS_ALL ? 'idempotent' : 'plain';
  const producer = await connection.producer(kind);
  try {
    return await producer.send(request);
  } catch (error) {
    await connection.discardProducer(kind).catch(() => undefined);
    throw error;
  }
}
