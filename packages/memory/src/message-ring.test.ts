import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogMessage } from './log-message.js';
import { MessageRing } from './message-ring.js';
import { logMessage } from './testing/harness.js';

describe('MessageRing', () => {
  it('finds messages by offset, and none outside', () => {
    const ring = filled(3);
    expect([-1, 0, 1, 2, 3].map((offset) => ring.at(offset)?.token)).toEqual([undefined, 0, 1, 2, undefined]);
  });

  it('does what a plain list does', () => {
    const command = fc.oneof(
      { weight: 2, arbitrary: fc.record({ push: fc.nat({ max: 300 }) }) },
      fc.record({ drop: fc.nat({ max: 400 }) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40, size: 'max' }), (commands) => {
        const ring = new MessageRing();
        const list: LogMessage[] = [];
        let start = 0;
        for (const command of commands) {
          if ('push' in command) {
            for (let i = 0; i < command.push; i++) {
              const message = logMessage(list.length);
              list.push(message);
              ring.push(message);
            }
          } else {
            ring.dropBefore(start + command.drop - 50);
            start = Math.min(Math.max(start, start + command.drop - 50), list.length);
          }
          expect([ring.start, ring.end]).toEqual([start, list.length]);
          const wrong = list.filter(
            (message, offset) => ring.at(offset) !== (offset < start ? undefined : message),
          );
          expect(wrong).toEqual([]);
          expect(ring.bytes).toBe(list.slice(start).reduce((sum, { value }) => sum + value.length, 0));
        }
      }),
    );
  });

  it('gives the memory of a backlog back', () => {
    const ring = filled(100_000);
    ring.dropBefore(99_990);
    expect(ring.capacity).toBeLessThanOrEqual(1_024);
    expect(ring.at(99_999)?.token).toBe(99_999);
  });
});

function filled(count: number): MessageRing {
  const ring = new MessageRing();
  for (let offset = 0; offset < count; offset++) ring.push(logMessage(offset));
  return ring;
}
