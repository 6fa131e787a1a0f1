import { afterEach, describe, expect, it, vi } from 'vitest';
import { Batch } from './batch.js';
import { Deliveries } from './deliveries.js';
import { OffsetQueue } from './offset-queue.js';
import { logMessage } from './testing/harness.js';

const [ONE, TWO] = [2, 3];

/** What a group has of a log of that many messages, of four keys. */
function deliveries(count: number) {
  const messages = Array.from({ length: count }, (_, offset) => logMessage(offset, `key-${offset % 4}`));
  return new Deliveries({ end: count, at: (offset) => messages[offset] }, 0);
}

function take(of: Deliveries, member: number, most = Number.MAX_SAFE_INTEGER): number[] {
  const batch = new Batch(most, Number.MAX_SAFE_INTEGER);
  of.fill(batch, member);
  return batch.messages.map(({ token }) => token);
}

const released = (...tokens: number[]) => tokens.map((token) => ({ token, outcome: 'released' as const }));
const handled = (...tokens: number[]) => tokens.map((token) => ({ token, outcome: 'handled' as const }));

afterEach(() => vi.restoreAllMocks());

describe('what a group has', () => {
  it('is given in order, what came back before what is new', () => {
    const of = deliveries(5);
    expect(take(of, ONE, 3)).toEqual([0, 1, 2]);
    of.settle(ONE, [...handled(1), ...released(2, 0)]);
    expect(take(of, TWO)).toEqual([0, 2, 3, 4]);
    expect([of.unsettledCount, of.unreadCount, of.position]).toEqual([4, 0, 0]);
  });

  it('is settled by the member that has it, and once', () => {
    const of = deliveries(2);
    take(of, ONE);
    of.settle(TWO, handled(0));
    expect(of.unsettledCount).toBe(2);
    of.settle(ONE, handled(0, 0));
    expect([of.unsettledCount, of.position]).toEqual([1, 1]);
  });

  it('stays at one member by key, and passes on once nothing of the key is unsettled', () => {
    const of = deliveries(8);
    of.keepKeysTogether(true);
    expect(take(of, ONE, 4)).toEqual([0, 1, 2, 3]);
    expect(take(of, TWO)).toEqual([]);
    of.settle(ONE, handled(1));
    expect(take(of, TWO)).toEqual([5]);
  });
});

describe('the work of', () => {
  /** How many messages are moved about in queues meanwhile. */
  function work(body: () => void): number {
    let moved = 0;
    const merge = OffsetQueue.prototype.merge;
    vi.spyOn(OffsetQueue.prototype, 'merge').mockImplementation(function (this: OffsetQueue, messages) {
      moved += this.length + messages.length;
      merge.call(this, messages);
    });
    body();
    vi.restoreAllMocks();
    return moved;
  }

  const leaving = (count: number, ordered: boolean) => {
    const of = deliveries(count);
    take(of, ONE);
    of.keepKeysTogether(ordered);
    return work(() => of.giveBackAll(ONE));
  };
  const joining = (count: number) => {
    const of = deliveries(count);
    take(of, ONE);
    of.giveBackAll(ONE);
    return work(() => of.keepKeysTogether(true));
  };

  it.each([
    ['a member that leaves', (count: number) => leaving(count, false)],
    ['a member that leaves where keys are kept together', (count: number) => leaving(count, true)],
    ['a member that joins', joining],
    [
      'closing, which hands back all at once',
      (count: number) => {
        const of = deliveries(count);
        const tokens = take(of, ONE);
        return work(() => void of.settle(ONE, released(...tokens)));
      },
    ],
  ])('%s grows as the messages do, not as their square', (_, workOf) => {
    const [few, many] = [workOf(1_000), workOf(8_000)];
    expect(many).toBeLessThanOrEqual(8 * few);
    expect(many).toBeLessThanOrEqual(2 * 8_000);
  });
});
