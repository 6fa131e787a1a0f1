import { expect, it } from 'vitest';
import { MessageRing } from './message-ring.js';
import { logMessage } from './testing/harness.js';
import { startWithin, type TopicLimits } from './topic-limits.js';

/** Offsets 10 to 19, each written at its offset in milliseconds, 8 bytes each. */
function ring(): MessageRing {
  const messages = new MessageRing();
  for (let offset = 0; offset < 20; offset++) messages.push(logMessage(offset));
  messages.dropBefore(10);
  return messages;
}

it.each<[TopicLimits, number]>([
  [{}, 10],
  [{ maxMessages: 0, maxBytes: -1, retentionMs: 0 }, 10],
  [{ maxMessages: 10 }, 10],
  [{ maxMessages: 3 }, 17],
  [{ maxBytes: 80 }, 10],
  [{ maxBytes: 79 }, 11],
  [{ maxBytes: 1 }, 19],
  [{ retentionMs: 10 }, 15],
  [{ retentionMs: 1 }, 20],
  [{ maxMessages: 8, maxBytes: 72, retentionMs: 11 }, 14],
])('%j keeps from offset %i on', (limits, start) => {
  expect(startWithin(limits, ring(), 25)).toBe(start);
});
