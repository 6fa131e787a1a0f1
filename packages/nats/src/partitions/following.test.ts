import { ConnectionError, type Credit, EbusError } from '@ebus/core/driver';
import type { StreamInfo } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Link } from '../link.js';
import type { Streams } from '../streams.js';
import { FollowingSubscription, type LayoutReader } from './following.js';
import type { Generations } from './generations.js';
import { type Layout, layoutsOf, partitionedStream, presentLayout, repartitioned } from './layout.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const LINK = {} as Link;
const before = partitionedStream('t', 4);

/** A subscription that reads four partitions, and the world around it. Each call is an entry of `told`. */
function following() {
  const clock = new ManualClock();
  const told: string[] = [];
  const world = { stream: before, created: 'i', isDrained: false, opening: () => Promise.resolve() };
  const info = () => ({ config: { name: 'S', ...world.stream }, created: world.created }) as StreamInfo;
  const reader = ({ partitions, generation }: Layout): LayoutReader => {
    const name = `${partitions}/${generation}`;
    const tell = (what: string) => void told.push(`${name} ${what}`);
    return {
      leaseMs: 30_000,
      failure: undefined,
      online: () => tell('online'),
      offline: () => tell('offline'),
      refused: () => {},
      request: ({ messages }: Credit) => tell(`request ${messages}`),
      settle: () => tell('settle'),
      stop: () => tell('stop'),
      retire: async () => tell('retire'),
      close: async () => tell('close'),
    };
  };
  const generations = {
    hasDrained: async () => world.isDrained,
    moveOn: async ({ generation }: Layout) => layoutsOf('t', info().config)[generation + 1],
  } as unknown as Generations;
  let news = () => {};
  const layout = presentLayout('t', before);
  const subscription = new FollowingSubscription(
    {
      ...{
        topic: 't',
        clock,
        logger,
        generations,
        streams: { find: async () => info() } as unknown as Streams,
      },
      open: async (of) => {
        told.push(`open ${of.partitions}/${of.generation}`);
        await world.opening();
        return reader(of);
      },
      onNews: (listener) => {
        news = listener;
        return () => void told.push('news ended');
      },
      failed: (error) => void told.push(`failed ${(error as Error).message}`),
      onClosed: () => void told.push('closed'),
    },
    reader(layout),
    layout,
    info(),
  );
  subscription.online(LINK);
  subscription.request({ messages: 10, bytes: 1_000 });
  told.length = 0;
  return { subscription, clock, told, world, tell: () => news() };
}

const close = (subscription: FollowingSubscription) =>
  subscription.close({ signal: new AbortController().signal });

describe('a subscription whose topic gets other partitions', () => {
  it('tells that it may not read them, and tries again', async () => {
    const { subscription, clock, told, world, tell } = following();
    world.stream = repartitioned('t', before, 6);
    world.isDrained = true;
    world.opening = () => Promise.reject(new EbusError('not allowed', { code: 'UNAUTHORIZED' }));
    tell();
    await clock.advance(3_000);
    expect(told).toContain('failed not allowed');
    // That passes by itself.
    world.opening = () => Promise.reject(new ConnectionError('away'));
    await clock.advance(6_000);
    expect(told.filter((text) => text.startsWith('failed'))).toHaveLength(1);
    world.opening = () => Promise.resolve();
    await clock.advance(6_000);
    expect(told.slice(-3)).toEqual(['open 6/1', '6/1 online', '6/1 request 10']);
    await close(subscription);
  });

  it('reads the former ones until the group has settled them, and a second longer, then the new ones', async () => {
    const { subscription, clock, told, world, tell } = following();
    world.stream = repartitioned('t', before, 6);
    tell();
    await clock.advance(10_000);
    expect(told).toEqual([]);
    world.isDrained = true;
    await clock.advance(1_400);
    expect(told).toEqual([]);
    await clock.advance(600);
    expect(told.slice(0, 3)).toEqual(['4/0 retire', '4/0 retire', 'open 6/1']);
    expect(told.slice(3)).toEqual(['6/1 online', '6/1 request 10']);
    await close(subscription);
  });

  it('begins to count anew where something comes after all', async () => {
    const { subscription, clock, told, world, tell } = following();
    world.stream = repartitioned('t', before, 6);
    world.isDrained = true;
    tell();
    await clock.advance(600);
    world.isDrained = false;
    await clock.advance(600);
    world.isDrained = true;
    await clock.advance(900);
    expect(told).toEqual([]);
    await clock.advance(1_000);
    expect(told).toContain('open 6/1');
    await close(subscription);
  });

  it('looks by itself where the news did not come', async () => {
    const { subscription, clock, told, world } = following();
    world.stream = repartitioned('t', before, 6);
    world.isDrained = true;
    await clock.advance(29_000);
    expect(told).toEqual([]);
    await clock.advance(4_000);
    expect(told).toContain('6/1 online');
    await close(subscription);
  });

  it('goes through all changes one after the other', async () => {
    const { subscription, clock, told, world, tell } = following();
    world.stream = repartitioned('t', repartitioned('t', before, 6), 2);
    world.isDrained = true;
    tell();
    await clock.advance(5_000);
    expect(told.filter((one) => one.startsWith('open'))).toEqual(['open 6/1', 'open 2/2']);
    await close(subscription);
  });

  it('begins at once with a stream that was made anew', async () => {
    const { subscription, clock, told, world, tell } = following();
    Object.assign(world, { stream: partitionedStream('t', 2), created: 'another' });
    tell();
    await clock.advance(1);
    expect(told.slice(0, 3)).toEqual(['4/0 retire', 'open 2/0', '2/0 online']);
    await close(subscription);
  });

  it('reads a stream that was made anew although the first attempts fail', async () => {
    const { subscription, clock, told, world, tell } = following();
    Object.assign(world, { stream: partitionedStream('t', 2), created: 'another' });
    world.opening = () => Promise.reject(new ConnectionError('away'));
    tell();
    await clock.advance(1);
    expect(told).not.toContain('2/0 online');
    world.opening = () => Promise.resolve();
    await clock.advance(6_000);
    expect(told.slice(-2)).toEqual(['2/0 online', '2/0 request 10']);
    await close(subscription);
  });

  it('reads a stream that was made anew as before, also where the former one had been drained', async () => {
    const { subscription, clock, told, world, tell } = following();
    world.stream = repartitioned('t', before, 6);
    world.isDrained = true;
    world.opening = () => Promise.reject(new ConnectionError('away'));
    tell();
    await clock.advance(2_000);
    expect(told).toContain('4/0 retire');
    Object.assign(world, { stream: before, created: 'another', opening: () => Promise.resolve() });
    await clock.advance(6_000);
    expect(told.slice(-3)).toEqual(['open 4/0', '4/0 online', '4/0 request 10']);
    await close(subscription);
  });

  it('goes on although a step fails', async () => {
    const { subscription, clock, told, world, tell } = following();
    world.stream = repartitioned('t', before, 6);
    world.isDrained = true;
    world.opening = () => Promise.reject(new Error('no leader'));
    tell();
    await clock.advance(3_000);
    expect(told).not.toContain('6/1 online');
    world.opening = () => Promise.resolve();
    await clock.advance(10_000);
    expect(told).toContain('6/1 online');
    await close(subscription);
  });

  it('closes a reader that comes after its end, and looks no more', async () => {
    const { subscription, clock, told, world, tell } = following();
    let opened = () => {};
    world.opening = () =>
      new Promise((resolve) => {
        opened = resolve;
      });
    world.stream = repartitioned('t', before, 6);
    world.isDrained = true;
    tell();
    await clock.advance(2_000);
    await close(subscription);
    opened();
    await clock.advance(100_000);
    expect(told.slice(-4)).toEqual(['news ended', '4/0 close', 'closed', '6/1 close']);
    expect(clock.pending).toBe(0);
  });
});
