import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Api } from '../api.js';
import type { Streams } from '../streams.js';
import { PinnedServer } from '../testing/pinned-server.js';
import { RecordingSink } from '../testing/recording-sink.js';
import { lanesOf } from './lanes.js';
import { layoutsOf, partitionedStream, rawSubject } from './layout.js';
import { partitionOf } from './partition-of.js';
import { PartitionedSubscription } from './subscription.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const PARTITIONS = 4;
const ROOM = { messages: 400, bytes: 1_000_000 };
const ALL = [0, 1, 2, 3];

/** A group on a topic with four partitions, on a server of its own. */
function group({ maxAckPending = 1_000 } = {}) {
  const clock = new ManualClock();
  const server = new PinnedServer(clock);
  const [layout] = layoutsOf('t', partitionedStream('t', PARTITIONS));
  const settings = { stream: 'S', name: 'g', durable: true, from: 'earliest', ordering: 'cluster' } as const;
  const lanes = lanesOf(layout, settings);
  for (const { consumer } of lanes) server.consumer(consumer.name);
  const names = lanes.map(({ consumer }) => consumer.name);

  /** @param room null: it begins later */
  const join = async (room: typeof ROOM | null = ROOM) => {
    const link = server.link();
    const sink = new RecordingSink();
    const consumers = server.apiOf(link);
    const subscription = new PartitionedSubscription({
      ...{ clock, logger, consumers, streams: {} as unknown as Streams, sink, api: {} as unknown as Api },
      ...{ topic: 't', apiPrefix: '$JS.API', maxAckPending, ackWait: 30_000, incarnation: 'i' },
      ...{ layout, lanes, memberSubject: 'members', isSuperseded: async () => false },
    });
    subscription.online(link);
    if (room !== null) subscription.request(room);
    await clock.advance(1);
    return { subscription, sink, link, partitions: () => partitionsIn(sink) };
  };

  const store = (partition: number, key = 'k') =>
    server.store(`t.${partition}`, key, [names[partition] as string]);
  return { clock, server, join, store, names, layout };
}

type Member = Awaited<ReturnType<ReturnType<typeof group>['join']>>;

/** Those that core was told of and that were not taken away. */
function partitionsIn({ told }: RecordingSink): number[] {
  const own = new Set<number>();
  for (const [what, which] of told.map((text) => text.split(' '))) {
    if (what === 'assigned') own.add(Number(which));
    if (what === 'revoked') own.delete(Number(which));
  }
  return [...own].sort();
}

const settleAll = ({ subscription, sink }: Member) =>
  subscription.settle(sink.pushed.splice(0).map((token) => ({ token, outcome: 'handled' })));

describe('members of a topic with partitions', () => {
  it('have no share before core takes messages', async () => {
    const { join, clock } = group();
    const one = await join();
    const prepared = await join(null);
    await clock.advance(5_000);
    expect([one.partitions(), prepared.partitions()]).toEqual([ALL, []]);
    prepared.subscription.request(ROOM);
    await clock.advance(5_000);
    expect([one.partitions(), prepared.partitions()]).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('the first has all, and reads each by its own consumer', async () => {
    const { join, store, clock, server, names } = group();
    const one = await join();
    expect(one.partitions()).toEqual(ALL);
    for (const partition of ALL) store(partition);
    await clock.advance(1);
    expect(one.sink.pushed.map(({ position }) => position.partition)).toEqual(ALL);
    settleAll(one);
    await clock.advance(1);
    expect(names.map((name) => server.consumer(name).acks.length)).toEqual([1, 1, 1, 1]);
  });

  it('goes on with others where core has let go of all that a partition may hold', async () => {
    const { join, store, clock } = group({ maxAckPending: 2 });
    const one = await join();
    const first = store(0);
    store(0);
    await clock.advance(1);
    expect(one.sink.sequences).toEqual([first]);
    one.subscription.letGo(one.sink.pushed);
    await clock.advance(1);
    expect(one.sink.sequences).toEqual([first, first + 1]);
  });

  it('share evenly; only what has to move moves, and never is one of two members at once', async () => {
    const { join, clock, store } = group();
    const one = await join();
    for (const partition of ALL) store(partition);
    await clock.advance(1);
    const two = await join();
    await clock.advance(2_000);
    settleAll(one);
    await clock.advance(2_000);
    expect([one.partitions(), two.partitions()]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(one.sink.told.filter((told) => told.startsWith('revoked'))).toEqual(['revoked 2', 'revoked 3']);
    const three = await join();
    const four = await join();
    await clock.advance(5_000);
    const all = [one, two, three, four];
    expect(all.map(({ partitions }) => partitions().length)).toEqual([1, 1, 1, 1]);
    expect(all.flatMap(({ partitions }) => partitions()).sort()).toEqual(ALL);
  });

  it('one that leaves hands its partitions over at once', async () => {
    const { join, clock, store } = group();
    const one = await join();
    const two = await join();
    await clock.advance(3_000);
    for (const partition of ALL) store(partition);
    await clock.advance(1);
    settleAll(two);
    await two.subscription.close({ signal: new AbortController().signal });
    await clock.advance(1_000);
    expect(one.partitions()).toEqual(ALL);
  });

  it('one that is dead loses its partitions once it is silent for three seconds, and its pins later', async () => {
    const { join, clock, store, server, names } = group();
    const one = await join();
    const two = await join();
    await clock.advance(3_000);
    for (const partition of ALL) store(partition);
    await clock.advance(1);
    const dead = two.partitions();
    two.link.isCut = true;
    two.subscription.offline();
    await clock.advance(2_500);
    expect(one.partitions()).toHaveLength(2);
    await clock.advance(4_500);
    expect(one.partitions()).toEqual(ALL);
    expect(server.calls).toEqual(dead.map((partition) => `unpin ${names[partition]}`));
  });

  it('one that slept gives up what others have taken over, and gets its share back in order', async () => {
    const { join, clock, store } = group();
    const one = await join();
    const two = await join();
    await clock.advance(3_000);
    for (const partition of ALL) store(partition);
    await clock.advance(1);
    two.link.isCut = true;
    await clock.advance(9_000);
    expect(one.partitions()).toEqual(ALL);
    for (const partition of ALL) store(partition);
    await clock.advance(1);
    two.link.isCut = false;
    await clock.advance(15_000);
    expect([...one.partitions(), ...two.partitions()].sort()).toEqual(ALL);
    expect([one.partitions().length, two.partitions().length]).toEqual([2, 2]);
  });

  it('have what is published to the topic itself handled by the owner of its key, the others settle it', async () => {
    const { join, clock, server, names, layout } = group();
    const one = await join();
    const two = await join();
    await clock.advance(3_000);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const key of keys) server.store(rawSubject(layout), key, names);
    await clock.advance(100);
    const seen = [...one.sink.pushed, ...two.sink.pushed];
    expect(seen.map(({ key }) => key).sort()).toEqual(keys);
    for (const { key, position } of seen)
      expect(position.partition).toBe(partitionOf(String(key), PARTITIONS));
    for (const { partitions, sink } of [one, two])
      for (const { position } of sink.pushed) expect(partitions()).toContain(position.partition);
    const passed = names.flatMap((name) => server.consumer(name).acks);
    expect(passed).toHaveLength(keys.length * (PARTITIONS - 1));
  });

  it('read all partitions although they have room for one message only', async () => {
    const { join, clock, store } = group();
    const room = { messages: 1, bytes: 1_000_000 };
    const one = await join(room);
    await clock.advance(10_000);
    for (const partition of ALL) {
      store(partition);
      await clock.advance(100);
      expect(one.sink.pushed.at(-1)?.position.partition).toBe(partition);
      settleAll(one);
      one.subscription.request(room);
    }
  });

  it('renew leases at the consumer of each', async () => {
    const { join, clock, store, server, names } = group();
    const { subscription, sink } = await join();
    for (const partition of [1, 1, 2]) store(partition);
    await clock.advance(1);
    subscription.extendLease(sink.pushed);
    expect(names.map((name) => server.consumer(name).acks.map(([, word]) => word))).toEqual([
      [],
      ['+WPI', '+WPI'],
      ['+WPI'],
      [],
    ]);
  });

  it('are asked what is unsettled for one partition; before any is assigned there is nothing', async () => {
    const { join, clock, store } = group();
    const { subscription } = await join();
    store(1);
    await clock.advance(1);
    const { signal } = new AbortController();
    expect(await subscription.unsettled({ signal })).toEqual({ count: 0 });
    expect(await subscription.unsettled({ signal, partition: 1 })).toMatchObject({ count: 1, others: false });
    expect(await subscription.unsettled({ signal, partition: 2 })).toMatchObject({ count: 0 });
  });

  it('say that they fail where they may not tell each other who they are', async () => {
    const { join } = group();
    const { subscription, sink } = await join();
    subscription.refused({ what: 'publish', topic: 'members' } as never, new Error('not allowed'));
    expect(String(sink.errors[0])).toContain("'members', by which members of the group on 't'");
    expect(subscription.failure).toBe(sink.errors[0]);
  });

  it('are drained and gone once nothing is left of a layout', async () => {
    const { join, clock } = group();
    const { subscription, sink, link } = await join();
    await subscription.retire();
    expect(sink.told.filter((told) => told.startsWith('drained'))).toHaveLength(PARTITIONS);
    subscription.online(link);
    await clock.advance(10_000);
    expect(partitionsIn(sink)).toEqual([]);
  });
});
