/** JetStream's answer to a message. */
import { EbusError, PublishError, type SendRecord } from '@ebus/core/driver';
import { type PublishRefusal, refusedMessage } from './errors.js';

const decoder = new TextDecoder();

/** Ends the record by the publish acknowledgement: stored at its stream sequence, or failed. */
export function answer(record: SendRecord, data: Uint8Array, partition?: number): void {
  let said: { seq?: number; duplicate?: boolean; error?: PublishRefusal };
  try {
    said = JSON.parse(decoder.decode(data));
  } catch (cause) {
    return record.failed(new PublishError('the server sent an acknowledgement that is no JSON', { cause }));
  }
  const { error, seq, duplicate } = said;
  if (error !== undefined || seq === undefined) return record.failed(refusedMessage(record.topic, error));
  record.stored(partition === undefined ? { offset: seq } : { partition, offset: seq }, duplicate === true);
}

/** No stream takes the topic, or the one that does elects a leader. */
export function noStream(topic: string): EbusError {
  return new EbusError(`no stream takes the message to '${topic}' just now`, {
    code: 'TOPIC_NOT_FOUND',
    retryable: true,
  });
}
