import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineHeap, type HeapEntry, isBefore } from './deadline-heap.js';

const entryOf = (deadline: number, sequence: number): HeapEntry => ({ deadline, sequence, slot: 0 });
const inOrder = (a: HeapEntry, b: HeapEntry) => a.deadline - b.deadline || a.sequence - b.sequence;

describe('DeadlineHeap', () => {
  it('gives entries back by deadline, and equal ones by sequence', () => {
    const heap = new DeadlineHeap<HeapEntry>();
    for (const [sequence, deadline] of [30, 10, 20, 10].entries()) heap.add(entryOf(deadline, sequence));
    const seen: string[] = [];
    for (let first = heap.first; first !== undefined; first = heap.first) {
      seen.push(`${first.deadline}#${first.sequence}`);
      heap.remove(first);
    }
    expect(seen).toEqual(['10#1', '10#3', '20#2', '30#0']);
  });

  it('leaves its entries marked as out of it when cleared', () => {
    const heap = new DeadlineHeap<HeapEntry>();
    const entries = [3, 1, 2].map((deadline, sequence) => entryOf(deadline, sequence));
    for (const entry of entries) heap.add(entry);
    heap.clear();
    expect([heap.size, heap.first]).toEqual([0, undefined]);
    expect(entries.map(({ slot }) => slot)).toEqual([0, 0, 0]);
  });

  it('agrees with a sorted list under any adding and removing', () => {
    const operation = fc.record({ remove: fc.boolean(), pick: fc.nat(), deadline: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), (operations) => {
        const heap = new DeadlineHeap<HeapEntry>();
        let model: HeapEntry[] = [];
        for (const [sequence, { remove, pick, deadline }] of operations.entries()) {
          const chosen = model[pick % Math.max(1, model.length)];
          if (remove && chosen !== undefined) {
            heap.remove(chosen);
            model = model.filter((other) => other !== chosen);
            expect(chosen.slot).toBe(0);
          } else {
            const entry = entryOf(deadline, sequence);
            heap.add(entry);
            model.push(entry);
          }
          expect(heap.size).toBe(model.length);
          expect(heap.first).toBe([...model].sort(inOrder)[0]);
          expect(new Set(model.map(({ slot }) => slot)).size).toBe(model.length);
        }
      }),
    );
  });

  it('takes steps in proportion to the logarithm, also for deadlines in the worst order', () => {
    const heap = new DeadlineHeap<HeapEntry>();
    const count = 100_000;
    let comparisons = 0;
    for (let sequence = 0; sequence < count; sequence++) {
      const deadline = count - sequence;
      const entry = {
        sequence,
        slot: 0,
        get deadline() {
          comparisons++;
          return deadline;
        },
      };
      heap.add(entry as HeapEntry);
    }
    expect(comparisons / count).toBeLessThan(4 * Math.log2(count));
    expect(isBefore(heap.first as HeapEntry, entryOf(2, 0))).toBe(true);
  });
});
