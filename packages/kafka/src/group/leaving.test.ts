import type { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { CODE } from '../errors.js';
import type { Session } from './session.js';
import { group } from './testing/group.js';

const never = new AbortController().signal;

describe('a consumer that another one takes the place of', () => {
  /** @param isSlow it is a while until the client has told the group */
  const replaced = async ({ isSlow = false } = {}) => {
    const { cluster, clock, membership, join, retired } = group();
    const member = membership();
    await join(member);
    await clock.advance(1_000);
    await member.reconnect();
    await clock.advance(1_000);
    const old = retired[0] as Session;
    const says = (message: string) =>
      (old.consumer as unknown as EventEmitter).emit('event.log', { message: `Group "billing"${message}` });
    const becomes = (state: string) => says(` changed join state other -> ${state} (state up)`);
    becomes('steady');
    if (isSlow) Object.assign(old.consumer, { unsubscribe: () => void cluster.told.push('unsubscribe') });
    cluster.told.length = 0;
    return { cluster, clock, old, becomes, says };
  };

  it('leaves at once', async () => {
    const { cluster, clock, old } = await replaced();
    const left = old.giveWay(never, Promise.resolve());
    await clock.advance(0);
    await left;
    expect(cluster.told).toEqual(['unsubscribe', 'disconnect']);
  });

  it.each(['init', 'wait-join', 'wait-metadata', 'wait-sync'])(
    'and is joining (%s) waits for the answer: before, the group would not hear that it leaves',
    async (state) => {
      const { cluster, clock, old, becomes } = await replaced();
      becomes(state);
      const asked = vi.spyOn(old.consumer, 'committed');
      const left = old.giveWay(never, Promise.resolve());
      await clock.advance(20_000);
      expect(cluster.told).toEqual([]);
      // A question would hold up the polling that the join needs.
      expect(asked).not.toHaveBeenCalled();
      becomes('wait-assign-call');
      old.assignment.rebalance({ code: CODE.assignPartitions }, [{ topic: 'orders', partition: 0 }]);
      becomes('steady');
      await clock.advance(1_000);
      await left;
      expect(cluster.told).toEqual(['assign orders:0@0', 'unsubscribe', 'disconnect']);
      expect(cluster.paused).toContain('orders:0');
    },
  );

  it('and begins to join at the last moment waits as well, whoever has it leave', async () => {
    for (const leave of [
      (old: Session) => old.giveWay(never, Promise.resolve()),
      (old: Session) => old.leave(),
    ]) {
      const { cluster, clock, old, becomes } = await replaced();
      const left = leave(old);
      // What the client has done by now, it tells with the next turn of the event loop.
      setImmediate(() => becomes('wait-metadata'));
      await clock.advance(3_000);
      expect(cluster.told).toEqual([]);
      becomes('steady');
      await clock.advance(1_000);
      await left;
      expect(cluster.told).toEqual(['unsubscribe', 'disconnect']);
    }
  });

  it('tells its group before it ends: by ending alone it would say nothing where a rebalance has begun', async () => {
    const { cluster, clock, old, says } = await replaced({ isSlow: true });
    const left = old.leave();
    await clock.advance(500);
    expect(cluster.told).toEqual(['unsubscribe']);
    says(': leave (in state up)');
    await clock.advance(20);
    await left;
    expect(cluster.told).toEqual(['unsubscribe', 'disconnect']);
  });

  it('ends where it cannot tell its group in a second', async () => {
    const { cluster, clock, old } = await replaced({ isSlow: true });
    const left = old.leave();
    await clock.advance(500);
    expect(cluster.told).toEqual(['unsubscribe']);
    await clock.advance(1_000);
    await left;
    expect(cluster.told).toEqual(['unsubscribe', 'disconnect']);
  });

  it('waits no longer than its session and the answer to a join may take', async () => {
    const { cluster, clock, old, becomes } = await replaced();
    becomes('wait-join');
    const left = old.giveWay(never, Promise.resolve());
    await clock.advance(36_000);
    await left;
    expect(cluster.told).toEqual(['unsubscribe', 'disconnect']);
  });
});
