import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import type { Consumers } from '../consumers.js';
import type { Streams } from '../streams.js';
import { Generations, type GenerationsOptions } from './generations.js';
import { type Layout, layoutsOf, partitionedStream, repartitioned } from './layout.js';

/** First without partitions, then with two, then with one. */
const two = repartitioned('t', { subjects: ['t'], metadata: {} }, 2);
const history = repartitioned('t', two, 1);
const [plain, partitioned, last] = layoutsOf('t', history) as readonly [Layout, Layout, Layout];

type Settings = Partial<GenerationsOptions['settings']>;

/** A group on a stream, by the consumers that it has and the last sequence under each subject. */
function group(stream: object, made: readonly string[] = [], settings: Settings = {}) {
  const infos = new Map<string, Partial<ConsumerInfo>>(made.map((name) => [name, settledTo(0)]));
  const lasts: Record<string, number> = {};
  const calls: string[] = [];
  /** Other members are at the last layout once this consumer is made. */
  const world: { goesOnAt?: string } = {};
  const consumers = {
    find: async ({ name }: { name: string }) => infos.get(name),
    ensure: async ({ name, from }: { name: string; from: string }, onMade?: () => void) => {
      calls.push(`make ${name} ${from}`);
      if (!infos.has(name)) onMade?.();
      infos.set(name, settledTo(0));
      if (name === world.goesOnAt) infos.set('g-p0-1', settledTo(0));
    },
    delete: async ({ name }: { name: string }) => {
      calls.push(`delete ${name}`);
      infos.delete(name);
    },
  } as unknown as Consumers;
  const info = { config: { name: 'S', ...stream }, created: 'i' } as unknown as StreamInfo;
  const streams = {
    find: async () => info,
    lastSequence: async (_: string, subject: string) => lasts[subject] ?? 0,
  } as unknown as Streams;
  const generations = new Generations({
    ...{ topic: 't', consumers, streams },
    settings: { name: 'g', durable: true, ordering: 'cluster', from: 'earliest', ...settings },
  });
  return { generations, info, infos, lasts, calls, world };
}

function settledTo(last: number, more: Partial<ConsumerInfo> = {}): Partial<ConsumerInfo> {
  const delivered = { consumer_seq: last, stream_seq: last };
  return { num_pending: 0, num_ack_pending: 0, delivered, ...more } as Partial<ConsumerInfo>;
}

describe('the layout that a group reads', () => {
  it('is the newest one that it has begun; what a member has left of the one before is deleted', async () => {
    const one = group(history, ['g-p0', 'g-p1']);
    expect(await one.generations.current(one.info)).toEqual(partitioned);
    expect(one.calls).toEqual([]);
    const both = group(history, ['g', 'g-p0']);
    expect(await both.generations.current(both.info)).toEqual(partitioned);
    expect(both.calls).toEqual(['delete g']);
  });

  it('of a new group is the oldest that has records, else the present one', async () => {
    const { generations, info, lasts } = group(history);
    expect(await generations.current(info)).toEqual(last);
    lasts['t.*'] = 7;
    expect(await generations.current(info)).toEqual(partitioned);
    lasts.t = 3;
    expect(await generations.current(info)).toEqual(plain);
  });

  it.each([{ from: 'latest' as const }, { durable: false }])(
    'of a new group is the present one with %o',
    async (settings) => {
      const { generations, info, lasts } = group(history, [], settings);
      lasts.t = 3;
      expect(await generations.current(info)).toEqual(last);
    },
  );

  it('is the only one that there ever was', async () => {
    const { generations, info } = group(partitionedStream('t', 3));
    expect(await generations.current(info)).toMatchObject({ partitions: 3, generation: 0 });
  });
});

describe('a former layout', () => {
  it('is drained once each partition has settled all that is stored for it', async () => {
    const { generations, infos, lasts } = group(history, ['g-p0', 'g-p1']);
    Object.assign(lasts, { 't.0': 4, 't.1': 6, 't.raw': 5 });
    infos.set('g-p0', settledTo(5));
    expect(await generations.hasDrained(partitioned, 'S')).toBe(false);
    infos.set('g-p1', settledTo(6, { num_ack_pending: 1 }));
    expect(await generations.hasDrained(partitioned, 'S')).toBe(false);
    infos.set('g-p1', settledTo(6));
    expect(await generations.hasDrained(partitioned, 'S')).toBe(true);
    // Stored under the topic's own name, for both.
    infos.set('g-p0', settledTo(4));
    expect(await generations.hasDrained(partitioned, 'S')).toBe(false);
  });

  it('whose consumers are gone is drained if the next one is begun, and not if they were deleted otherwise', async () => {
    const { generations, infos } = group(history, ['g-p1']);
    expect(await generations.hasDrained(partitioned, 'S')).toBe(false);
    infos.set('g-p0-1', settledTo(0));
    expect(await generations.hasDrained(partitioned, 'S')).toBe(true);
  });

  it('makes way for the next: that is made whole before anything is deleted, the first consumers last and first', async () => {
    const { generations, calls } = group(two, ['g']);
    const [before, next] = layoutsOf('t', two);
    expect(await generations.moveOn(before, 'S')).toEqual(next);
    expect(calls).toEqual(['make g-p1 earliest', 'make g-p0 earliest', 'delete g']);
  });

  it('is not followed by one that the group has left as well', async () => {
    const { generations, calls } = group(history, ['g-p0-1']);
    expect(await generations.hasMovedOn(plain, 'S')).toBe(true);
    expect(await generations.moveOn(plain, 'S')).toEqual(last);
    expect(calls).toEqual(['make g-p0-1 earliest', 'delete g']);
  });

  it('leaves nothing of the next behind where others go further at the same moment', async () => {
    const { generations, infos, world } = group(history, ['g']);
    world.goesOnAt = 'g-p0';
    expect(await generations.moveOn(plain, 'S')).toBe(undefined);
    expect([...infos.keys()]).toEqual(['g', 'g-p0-1']);
    expect(await generations.moveOn(plain, 'S')).toEqual(last);
    expect([...infos.keys()]).toEqual(['g-p0-1']);
  });

  it('the present one has none after it', async () => {
    const { generations, calls } = group(history, ['g-p0-1']);
    expect(await generations.hasMovedOn(last, 'S')).toBe(false);
    expect(await generations.moveOn(last, 'S')).toBe(undefined);
    expect(calls).toEqual([]);
  });
});
