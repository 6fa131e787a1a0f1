/** A topic's own limits: beyond them the oldest messages go, settled or not, as they do on other brokers. */
import type { TopicSpec } from '@ebus/core/driver';
import type { LogMessage } from './log-message.js';
import type { MessageRing } from './message-ring.js';

/** A limit of 0 or less, or none given, is no limit. */
export type TopicLimits = Pick<TopicSpec, 'retentionMs' | 'maxBytes' | 'maxMessages'>;

/** True where at least one limit is set. */
export function hasLimits({ retentionMs = 0, maxBytes = 0, maxMessages = 0 }: TopicLimits): boolean {
  return retentionMs > 0 || maxBytes > 0 || maxMessages > 0;
}

/** The offset from which on messages may stay. The newest stays although it alone may be larger than `maxBytes`. */
export function startWithin(
  { retentionMs = 0, maxBytes = 0, maxMessages = 0 }: TopicLimits,
  messages: Pick<MessageRing, 'start' | 'end' | 'bytes' | 'at'>,
  now: number,
): number {
  let { start, bytes } = messages;
  for (; start < messages.end; start++) {
    const { arrival, length } = messages.at(start) as LogMessage;
    const expired = retentionMs > 0 && arrival.at < now - retentionMs;
    const tooMany = maxMessages > 0 && messages.end - start > maxMessages;
    const tooLarge = maxBytes > 0 && bytes > maxBytes && start < messages.end - 1;
    if (!expired && !tooMany && !tooLarge) break;
    bytes -= length;
  }
  return start;
}
