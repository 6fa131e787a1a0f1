import { describe, expect, it } from 'vitest';
import type { Delivery } from './delivery.js';
import { type Dispatcher, orderedDispatcher, UnorderedDispatcher } from './dispatcher.js';

const delivery = (name: string, key = 'a') => ({ name, key }) as unknown as Delivery & { name: string };

function dispatching(
  make: (concurrency: number, start: (delivery: Delivery) => void) => Dispatcher,
  concurrency = 2,
) {
  const started: string[] = [];
  const dispatcher = make(concurrency, (one) => started.push((one as Delivery & { name: string }).name));
  const push = (name: string, key?: string) => {
    const one = delivery(name, key);
    dispatcher.push(one);
    return one;
  };
  return { dispatcher, started, push };
}

describe('without order', () => {
  const unordered = (concurrency: number, start: (delivery: Delivery) => void) =>
    new UnorderedDispatcher(concurrency, start);

  it('so many run at once, whatever their keys, and the others in the order of their arrival', () => {
    const { dispatcher, started, push } = dispatching(unordered);
    const first = push('1');
    push('2');
    push('3');
    push('4');
    expect([started, dispatcher.queued, dispatcher.longest]).toEqual([['1', '2'], 2, 0]);
    dispatcher.release(first);
    expect(started).toEqual(['1', '2', '3']);
    dispatcher.setConcurrency(10);
    expect(started).toEqual(['1', '2', '3', '4']);
  });

  it('one that is held gives its place away, and comes next once it is resumed', () => {
    const { dispatcher, started, push } = dispatching(unordered, 1);
    const held = push('held');
    const second = push('2');
    push('3');
    dispatcher.hold(held);
    dispatcher.resume(held);
    dispatcher.release(second);
    expect(started).toEqual(['held', '2', 'held']);
  });

  it('one that is released while it is held takes no place with it', () => {
    const { dispatcher, started, push } = dispatching(unordered, 1);
    const held = push('held');
    dispatcher.hold(held);
    dispatcher.release(held);
    dispatcher.resume(held);
    push('2');
    push('3');
    expect(started).toEqual(['held', '2']);
  });

  it('a place that is given back twice is an error: otherwise one more than allowed would run from then on', () => {
    const { dispatcher, push } = dispatching(unordered, 1);
    const one = push('1');
    dispatcher.release(one);
    expect(() => dispatcher.release(one)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('with order', () => {
  it('one of a key runs at a time, and nothing of the key passes one that is held', () => {
    const { dispatcher, started, push } = dispatching(orderedDispatcher);
    const first = push('a1');
    push('a2');
    push('b1', 'b');
    expect([started, dispatcher.queued, dispatcher.activeKeys]).toEqual([['a1', 'b1'], 1, 2]);
    expect([dispatcher.longest, dispatcher.longestKey()]).toEqual([1, 'a']);
    dispatcher.hold(first);
    push('c1', 'c');
    expect(started).toEqual(['a1', 'b1', 'c1']);
    dispatcher.release(first);
    expect(started).toEqual(['a1', 'b1', 'c1']);
    dispatcher.setConcurrency(3);
    expect(started).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  it('one that was not started has no lane', () => {
    const { dispatcher } = dispatching(orderedDispatcher);
    expect(() => dispatcher.release(delivery('never'))).toThrow(/was not started/);
  });
});
