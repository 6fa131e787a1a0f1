import { describe, expect, it } from 'vitest';
import type { IncomingMessage, OffsetValue } from '../driver/message.js';
import { byOffset, Delivery, isBusy } from './delivery.js';

const at = (offset: OffsetValue | undefined, incarnation?: string) => {
  const position = offset === undefined ? {} : { position: { offset, incarnation } };
  const message = {
    topic: 'orders',
    value: new Uint8Array(3),
    key: 'ab',
    headers: [['h', 'xyz']],
    token: 0,
    ...position,
  };
  return new Delivery(message as unknown as IncomingMessage, 0);
};

describe('a delivery', () => {
  it('counts value, key and headers, or what the driver says', () => {
    expect(at(1).bytes).toBe(3 + 2 + 1 + 3);
    expect(new Delivery({ ...at(1).incoming, size: 99 }, 0).bytes).toBe(99);
  });

  it('is busy while its handler runs or its dead letter is on its way', () => {
    const states = ['buffered', 'queued', 'running', 'backoff', 'dead-lettering', 'halted', 'done'] as const;
    expect(states.filter((state) => isBusy({ state }))).toEqual(['running', 'dead-lettering']);
  });

  it.each([
    [3, 1, 2],
    [10n, 9n, 2n ** 60n],
    ['c', 'a', 'b'],
  ])('is sorted by its offset: %s, %s, %s', (...offsets) => {
    const sorted = offsets.map((offset) => at(offset)).sort(byOffset);
    expect(sorted.map(({ incoming }) => incoming.position?.offset)).toEqual(
      [...offsets].sort((a, b) => (a < b ? -1 : 1)),
    );
  });

  it('stays in the order of arrival where the offsets are of no one log', () => {
    const mixed = [at(9, 'old'), at(1, 'new'), at(undefined)];
    expect([...mixed].sort(byOffset)).toEqual(mixed);
  });
});
