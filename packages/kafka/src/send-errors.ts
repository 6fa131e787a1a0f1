/** The errors of messages that were not delivered, with what to do about them. */
import { type EbusError, type ErrorCode, PublishError, reasonOf, type SendRecord } from '@ebus/core/driver';
import { CODE, classify, codeOf, missingText } from './errors.js';

/** A message that was not delivered. */
export function notSent({ topic, key }: Pick<SendRecord, 'topic' | 'key'>, cause: unknown): EbusError {
  if (codeOf(cause) === CODE.invalidRecord && key !== undefined) return ofRefusedBatch(topic, cause);
  const { code, retryable } = classify(cause);
  return new PublishError(publishText(topic, code, cause), { code, retryable, cause });
}

/** Where one message of a batch is refused, the client says so of all: only one without a key is known to be the culprit. */
function ofRefusedBatch(topic: string, cause: unknown): EbusError {
  const text =
    `Kafka refused the message to '${topic}', or another one of its batch: ${reasonOf(cause)}; publish it again, and ` +
    'where that fails alone, see what the topic demands of messages';
  return new PublishError(text, { code: 'PUBLISH_FAILED', retryable: true, cause });
}

/** The broker counts a batch as one message: its limit of a topic holds for all records of one together. */
export const isBatchTooLarge = (error: unknown): boolean => codeOf(error) === 10 || codeOf(error) === 18;

/** For a record of a batch that was larger than its topic takes. */
export function batchTooLarge(topic: string, cause: unknown): EbusError {
  const text =
    `the batch of the message to '${topic}' is larger than the broker takes (max.message.bytes of the topic): publish it ` +
    'again, which is sent by itself then; set kafka.producer.batchSize below the limit, or raise that';
  return new PublishError(text, { code: 'PUBLISH_FAILED', retryable: true, cause });
}

/** The producer is replaced, so the cause may have passed: only a login that lacks rights is told as such. */
export function fatalFailure(topic: string, cause: unknown): EbusError {
  const { code } = classify(cause);
  if (code === 'UNAUTHORIZED') return notSent({ topic, key: undefined }, cause);
  const text = `publishing to '${topic}' over Kafka failed: the producer had to be replaced: ${reasonOf(cause)}`;
  return new PublishError(text, { code: 'CONNECTION_FAILED', retryable: true, cause });
}

/** The broker acknowledged a record at the offset of an earlier one: it is not stored. */
export function takenForAnother(topic: string, partition: number): EbusError {
  const text =
    `Kafka acknowledged a record in partition ${partition} of '${topic}' in the place of an earlier one (the client had ` +
    'counted anew, or the topic was made anew): it is sent again, and what follows it';
  return new PublishError(text, { code: 'PUBLISH_FAILED', retryable: true });
}

/** Larger than all that the client may hold. */
export function tooLarge(topic: string, cause: unknown): EbusError {
  const text =
    `the message to '${topic}' is larger than the client's whole queue (kafka.librdkafka: ` +
    "'queue.buffering.max.kbytes'); send a reference to the data instead, or raise the limit";
  return new PublishError(text, { code: 'MESSAGE_TOO_LARGE', retryable: false, cause });
}

function publishText(topic: string, code: ErrorCode, cause: unknown): string {
  switch (code) {
    case 'TOPIC_NOT_FOUND':
      return missingText(topic);
    case 'MESSAGE_TOO_LARGE':
      return (
        `the message to '${topic}' is larger than the broker takes (max.message.bytes of the topic, message.max.bytes ` +
        'of the broker); send a reference to the data instead, or raise the limit'
      );
    case 'PUBLISH_FAILED':
      if (codeOf(cause) === CODE.invalidRecord) {
        return `Kafka refused the message to '${topic}': ${reasonOf(cause)}; a compacted topic needs a key with each message`;
      }
      return `publishing to '${topic}' over Kafka failed: ${reasonOf(cause)}`;
    case 'UNAUTHORIZED':
      return `Kafka does not allow publishing to '${topic}': ${reasonOf(cause)}; check the ACLs of kafka.security's user`;
    default:
      return `publishing to '${topic}' over Kafka failed: ${reasonOf(cause)}`;
  }
}
