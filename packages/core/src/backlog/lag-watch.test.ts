import { describe, expect, it } from 'vitest';
import type { PartitionLag } from '../driver/subscription.js';
import { ManualClock } from '../testing/manual-clock.js';
import { deferred } from '../util/promise.js';
import { type LagReading, type LagSource, LagWatch } from './lag-watch.js';

function lagging() {
  const clock = new ManualClock();
  const readings: (readonly LagReading[])[] = [];
  const source: LagSource & {
    received: number;
    held: Map<number, object>;
    answer(): Promise<readonly PartitionLag[]>;
  } = {
    identity: {},
    topic: 'orders',
    group: 'billing',
    received: 0,
    oldestArrival: undefined,
    held: new Map(),
    answer: async () => [],
    lag: () => source.answer(),
  };
  const watch = new LagWatch({
    clock,
    closing: new AbortController().signal,
    sources: () => [source],
    onReadings: (all) => readings.push(all),
  });
  const ask = (...lags: Omit<PartitionLag, 'partition'>[]) => {
    source.answer = async () => lags.map((lag, partition) => ({ partition, ...lag }));
    return watch.ask();
  };
  const unmoved = () => watch.lagStates(source.identity).map(({ unmovedMs }) => unmovedMs);
  return { clock, readings, source, watch, ask, unmoved };
}

describe('the lag', () => {
  it('is asked for once for all who ask meanwhile', async () => {
    const { watch, source, readings } = lagging();
    const answer = deferred<PartitionLag[]>();
    let asked = 0;
    source.answer = () => {
      asked++;
      return answer.promise;
    };
    const both = Promise.all([watch.ask(), watch.ask()]);
    answer.resolve([{ partition: 0, lag: 3 }]);
    const [first, second] = await both;
    expect(first).toBe(second);
    expect(asked).toBe(1);
    expect(readings).toHaveLength(1);
    expect(first?.[0]).toMatchObject({ partitions: [{ partition: 0, lag: 3 }] });
  });

  it('that cannot be asked for is an error, and no standstill', async () => {
    const { ask, source, watch, clock, unmoved } = lagging();
    await ask({ lag: 3, position: 1 });
    await clock.advance(1_000);
    const away = new Error('away');
    source.answer = async () => {
      throw away;
    };
    expect((await watch.ask())[0]).toMatchObject({ partitions: undefined, error: away });
    expect(unmoved()).toEqual([]);
    await ask({ lag: 3, position: 1 });
    expect(unmoved()).toEqual([0]);
  });
});

describe('questions without an answer', () => {
  it('are counted from the first one, until one is answered', async () => {
    const { ask, source, watch, clock } = lagging();
    const away = new Error('away');
    source.answer = () => Promise.reject(away);
    for (let asked = 0; asked < 3; asked++) {
      await watch.ask();
      await clock.advance(1_000);
    }
    expect(watch.failureOf(source.identity)).toEqual({ forMs: 2_000, error: away });
    await ask({ lag: 0 });
    expect(watch.failureOf(source.identity)).toBeUndefined();
  });
});

describe('a position', () => {
  it('stands for as long as it does not move and something waits', async () => {
    const { ask, clock, source, unmoved, watch } = lagging();
    await ask({ lag: 0, position: 5 }, { lag: 4, position: 9 });
    expect(unmoved()).toEqual([0, 0]);
    source.received = 7;
    await clock.advance(1_000);
    await ask({ lag: 2, position: 5 }, { lag: 9, position: 9 });
    await clock.advance(1_000);
    // As of when it was last asked: what happened since is not known.
    expect(unmoved()).toEqual([0, 1_000]);
    await ask({ lag: 2, position: 5 }, { lag: 9, position: 9 });
    expect(unmoved()).toEqual([1_000, 2_000]);
    expect(watch.lagStates(source.identity).map(({ receivedThen }) => receivedThen)).toEqual([7, 0]);
    await ask({ lag: 2, position: 6 }, { lag: 0, position: 9 });
    await clock.advance(500);
    await ask({ lag: 2, position: 6 }, { lag: 0, position: 9 });
    expect(unmoved()).toEqual([500, 0]);
    expect(watch.lagStates({})).toEqual([]);
  });

  it('is not due while the oldest message here is the same, and is due once that is settled', async () => {
    const { ask, clock, source, unmoved } = lagging();
    const slow = {};
    source.held.set(0, slow);
    await ask({ lag: 5, position: 3 });
    await clock.advance(9_000);
    await ask({ lag: 5, position: 3 });
    expect(unmoved()).toEqual([0]);
    source.held.set(0, {});
    await clock.advance(1_000);
    await ask({ lag: 5, position: 3 });
    expect(unmoved()).toEqual([0]);
    await clock.advance(1_000);
    await ask({ lag: 5, position: 3 });
    source.held.set(0, {});
    await clock.advance(1_000);
    await ask({ lag: 5, position: 3 });
    expect(unmoved()).toEqual([2_000]);
    await ask({ lag: 1, position: 7 });
    expect(unmoved()).toEqual([0]);
  });

  it('that is not told moves when the lag shrinks or another message is the oldest', async () => {
    const { ask, clock, unmoved } = lagging();
    await ask({ lag: 5, oldestTimestamp: 1 });
    await clock.advance(1_000);
    await ask({ lag: 6, oldestTimestamp: 1 });
    expect(unmoved()).toEqual([1_000]);
    await ask({ lag: 5, oldestTimestamp: 1 });
    expect(unmoved()).toEqual([0]);
    await clock.advance(1_000);
    await ask({ lag: 5, oldestTimestamp: 2 });
    expect(unmoved()).toEqual([0]);
  });
});
