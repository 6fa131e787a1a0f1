import { describe, expect, it } from 'vitest';
import type { IncomingMessage, Position } from '../driver/message.js';
import { Delivery } from './delivery.js';
import { Redeliveries } from './redeliveries.js';

function delivery(position: Position): Delivery {
  return new Delivery(
    { topic: 't', value: new Uint8Array(), headers: [], position, token: 1 } as IncomingMessage,
    0,
  );
}

describe('redeliveries', () => {
  it('are known by their position while they are here, and for a while after they were settled', () => {
    const redeliveries = new Redeliveries();
    const one = delivery({ offset: '1-1' });
    expect(redeliveries.find({ offset: '1-1' })).toBeUndefined();
    redeliveries.add(one, { offset: '1-1' });
    expect(redeliveries.find({ offset: '1-1' })).toBe(one);
    expect(redeliveries.find({ offset: '1-1', partition: 2 })).toBeUndefined();
    redeliveries.remove(one, true);
    expect(redeliveries.find({ offset: '1-1' })).toBeUndefined();
    expect(redeliveries.wasSettled({ offset: '1-1' })).toBe(true);
  });

  it('looking for one that is in another log forgets none', () => {
    const redeliveries = new Redeliveries();
    const position = { offset: 1, incarnation: 'first' };
    const one = delivery(position);
    redeliveries.find(position);
    redeliveries.add(one, position);
    expect(redeliveries.isHere({ offset: 1, incarnation: 'second' })).toBe(false);
    expect(redeliveries.isHere({ offset: 1 })).toBe(true);
    expect(redeliveries.find(position)).toBe(one);
  });

  it('of what was let go of are handled again', () => {
    const redeliveries = new Redeliveries();
    const one = delivery({ offset: 1 });
    redeliveries.find({ offset: 1 });
    redeliveries.add(one, { offset: 1 });
    redeliveries.remove(one, false);
    expect(redeliveries.wasSettled({ offset: 1 })).toBe(false);
  });

  it('forget the oldest, and everything where the log was made anew', () => {
    const redeliveries = new Redeliveries();
    for (let offset = 0; offset < 20_000; offset++) {
      const one = delivery({ offset });
      redeliveries.add(one, { offset });
      redeliveries.remove(one, true);
    }
    expect(redeliveries.wasSettled({ offset: 0 })).toBe(false);
    expect(redeliveries.wasSettled({ offset: 19_999 })).toBe(true);
    expect(redeliveries.find({ offset: 19_999, incarnation: 'b' })).toBeUndefined();
    expect(redeliveries.wasSettled({ offset: 19_999, incarnation: 'b' })).toBe(false);
  });
});
