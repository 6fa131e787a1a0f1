import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deque } from './deque.js';

describe('Deque', () => {
  it('behaves as an array does', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constantFrom('push', 'unshift'), value: fc.nat() }),
      fc.record({ kind: fc.constantFrom('push', 'shift', 'pop'), count: fc.integer({ min: 1, max: 60 }) }),
      fc.constant({ kind: 'clear' }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60, size: 'max' }), (operations) => {
        const deque = new Deque<number>();
        const model: number[] = [];
        for (const { kind, value = 1, count = 1 } of operations as {
          kind: string;
          value?: number;
          count?: number;
        }[]) {
          for (let i = 0; i < count; i++) {
            if (kind === 'push') {
              deque.push(value + i);
              model.push(value + i);
            } else if (kind === 'unshift') {
              deque.unshift(value);
              model.unshift(value);
            } else if (kind === 'shift') {
              expect(deque.shift()).toBe(model.shift());
            } else if (kind === 'pop') {
              expect(deque.pop()).toBe(model.pop());
            } else {
              deque.clear();
              model.length = 0;
            }
            expect(deque.peek()).toBe(model[0]);
          }
          expect(deque.length).toBe(model.length);
          expect([...deque]).toEqual(model);
        }
      }),
    );
  });

  it('grows with what it holds and shrinks again', () => {
    const deque = new Deque<number>();
    for (let i = 0; i < 100_000; i++) deque.push(i);
    expect(deque.capacity).toBe(131_072);
    let wasted = 0;
    while (deque.shift() !== undefined) {
      if (deque.capacity > 16) wasted = Math.max(wasted, deque.capacity / deque.length);
    }
    expect(wasted).toBeLessThanOrEqual(4);
    expect(deque.capacity).toBe(16);
  });

  it('stays small however much passes through', () => {
    const deque = new Deque<number>();
    let inOrder = true;
    for (let i = 0; i < 100_000; i++) {
      deque.push(i);
      if (i >= 10) inOrder &&= deque.shift() === i - 10;
    }
    expect(inOrder).toBe(true);
    expect(deque.capacity).toBe(16);
  });
});
