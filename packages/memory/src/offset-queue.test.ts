import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OffsetQueue } from './offset-queue.js';
import { logMessage } from './testing/harness.js';

describe('OffsetQueue', () => {
  it('hands out the lowest offset first, however it was filled', () => {
    const offsets = fc.array(fc.nat({ max: 500 }), { maxLength: 150, size: 'max' });
    const command = fc.oneof(
      fc.record({ add: offsets }),
      fc.record({ merge: offsets }),
      fc.record({ shift: fc.nat({ max: 200 }) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20, size: 'max' }), (commands) => {
        const queue = new OffsetQueue();
        let model: number[] = [];
        for (const command of commands) {
          if ('shift' in command) {
            for (let i = 0; i < command.shift; i++) expect(queue.shift()?.token).toBe(model.shift());
          } else if ('add' in command) {
            for (const offset of command.add) queue.add(logMessage(offset));
            model = [...model, ...command.add].sort((a, b) => a - b);
          } else {
            queue.merge(command.merge.map((offset) => logMessage(offset)));
            model = [...model, ...command.merge].sort((a, b) => a - b);
          }
          expect([queue.length, queue.peek()?.token]).toEqual([model.length, model[0]]);
        }
        expect(queue.drain().map(({ token }) => token)).toEqual(model);
        expect([queue.length, queue.shift()]).toEqual([0, undefined]);
      }),
    );
  });
});
