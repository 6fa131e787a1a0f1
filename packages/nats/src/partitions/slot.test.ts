import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Streams } from '../streams.js';
import { type PinnedLink, PinnedServer } from '../testing/pinned-server.js';
import { RecordingSink } from '../testing/recording-sink.js';
import { Slot } from './slot.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const ROOM = { messages: 100, bytes: 1_000_000 };

function surroundings() {
  const clock = new ManualClock();
  const server = new PinnedServer(clock);
  server.consumer('c');
  /** What living members say that they have. */
  const claimed = new Set<string>();
  return { clock, server, claimed };
}

type Surroundings = ReturnType<typeof surroundings>;

/** A member's slot of partition 3, connected and with room. */
async function slotIn({ clock, server, claimed }: Surroundings) {
  const link = server.link();
  const sink = new RecordingSink();
  const consumers = server.apiOf(link);
  const streams = {} as unknown as Streams;
  const made = { isLost: false };
  const own: { slot?: Slot } = {};
  const spec = {
    stream: 'S',
    name: 'c',
    filters: ['t.3'],
    durable: true,
    from: 'earliest',
    singleActive: true,
  } as const;
  const slot = new Slot(
    {
      ...{ clock, logger, consumers, streams, sink, topic: 't', partition: 3, apiPrefix: '$JS.API' },
      ...{ maxAckPending: 1_000, ackWait: 30_000 },
      isClaimed: (pin: string) => claimed.has(pin) && pin !== own.slot?.pin,
      onPushed: () => {},
      onPin: () => {
        if (own.slot?.pin !== undefined) claimed.add(own.slot.pin);
      },
      onLost: () => {
        made.isLost = true;
      },
      failed: () => {},
    },
    { spec, info: server.consumer('c').info, incarnation: 'i' },
  );
  own.slot = slot;
  slot.credit = ROOM;
  slot.online(link);
  await clock.advance(1);
  slot.puller.fetch();
  return { slot, sink, link, made };
}

const settleAll = ({ slot, sink }: { slot: Slot; sink: RecordingSink }) =>
  slot.puller.deliveries.settle(sink.pushed.map((token) => ({ token, outcome: 'handled' })));

/** Its process is dead: it says nothing any more, to nobody. */
const kill = ({ slot, link }: { slot: Slot; link: PinnedLink }, { claimed }: Surroundings) => {
  link.isCut = true;
  if (slot.pin !== undefined) claimed.delete(slot.pin);
};

describe('a partition of a member', () => {
  it('is its own at once where no client has it, before the first message is pushed', async () => {
    const world = surroundings();
    const { slot, sink } = await slotIn(world);
    expect([slot.isAssigned, sink.told]).toEqual([true, ['assigned 3']]);
    world.server.store('t.3', 'k', ['c']);
    await world.clock.advance(1);
    expect([sink.sequences, slot.pin]).toEqual([[1], world.server.consumer('c').pin]);
    expect(sink.pushed[0]?.position).toMatchObject({ partition: 3, offset: 1 });
    await slot.release();
  });

  it('is waited for while another living member has it, and is its own once that has let go', async () => {
    const world = surroundings();
    const former = await slotIn(world);
    world.server.store('t.3', 'k', ['c']);
    await world.clock.advance(1);
    const next = await slotIn(world);
    await world.clock.advance(20_000);
    expect([next.slot.isAssigned, next.sink.told]).toEqual([false, []]);
    settleAll(former);
    await former.slot.release();
    await world.clock.advance(1_000);
    expect(next.sink.told).toEqual(['assigned 3']);
    world.server.store('t.3', 'k', ['c']);
    await world.clock.advance(1);
    expect([former.sink.sequences, next.sink.sequences]).toEqual([[1], [2]]);
    await next.slot.release();
  });

  it('is drained before the next member is served: nothing more is asked for, core ends it, then the server is told', async () => {
    const world = surroundings();
    const { clock, server } = world;
    const former = await slotIn(world);
    server.store('t.3', 'k', ['c']);
    await clock.advance(1);
    const next = await slotIn(world);
    let drain = () => {};
    former.sink.drained = new Promise((resolve) => {
      drain = resolve;
    });
    const pin = former.slot.pin;
    const released = former.slot.release();
    await clock.advance(1);
    server.store('t.3', 'k', ['c']);
    // Longer than a pin lasts.
    await clock.advance(25_000);
    expect(former.sink.told.at(-1)).toBe('revoked 3');
    expect([server.consumer('c').pin, server.calls, next.slot.isAssigned]).toEqual([pin, [], false]);
    expect([former.sink.sequences, next.sink.sequences]).toEqual([[1], []]);
    settleAll(former);
    drain();
    await released;
    await clock.advance(1_000);
    expect(former.sink.told.at(-1)).toBe('drained 3');
    expect([server.calls, next.sink.sequences]).toEqual([['unpin c'], [2]]);
    expect(next.sink.told[0]).toBe('assigned 3');
    await next.slot.release();
  });

  it('of a member that is gone is taken over, not before others could have heard of its pin', async () => {
    const world = surroundings();
    const { clock, server } = world;
    const former = await slotIn(world);
    server.store('t.3', 'k', ['c']);
    await clock.advance(1);
    kill(former, world);
    const next = await slotIn(world);
    await clock.advance(2_400);
    expect([next.slot.isAssigned, server.calls]).toEqual([false, []]);
    await clock.advance(1_000);
    expect([next.slot.isAssigned, server.calls]).toEqual([true, ['unpin c']]);
    await next.slot.release();
  });

  it('that another client has got meanwhile is let go once a member says so', async () => {
    const world = surroundings();
    const { clock, server, claimed } = world;
    const { slot, sink, made } = await slotIn(world);
    server.store('t.3', 'k', ['c']);
    await clock.advance(1);
    server.consumer('c').pin = 'other';
    slot.puller.extendLease(sink.pushed);
    await clock.advance(2_000);
    slot.doubt();
    await clock.advance(1_000);
    expect(made.isLost).toBe(false);
    claimed.add('other');
    await clock.advance(1_000);
    expect(made.isLost).toBe(true);
    await slot.release();
  });

  it('stays its own over an interruption of the connection', async () => {
    const world = surroundings();
    const { clock, server } = world;
    const { slot, sink, link, made } = await slotIn(world);
    server.store('t.3', 'k', ['c']);
    await clock.advance(1);
    slot.offline();
    await clock.advance(3_000);
    expect(await slot.look()).toBe(undefined);
    slot.online(link);
    await clock.advance(6_000);
    server.store('t.3', 'k', ['c']);
    await clock.advance(5_000);
    expect([sink.told[0], made.isLost, sink.sequences]).toEqual(['assigned 3', false, [1, 2]]);
    expect(sink.told.filter((told) => told.startsWith('assigned'))).toHaveLength(1);
    await slot.release();
  });

  it('is released once however often that is asked, and is not asked about any more', async () => {
    const world = surroundings();
    const { slot, sink, link } = await slotIn(world);
    await Promise.all([slot.release(), slot.release()]);
    slot.online(link);
    slot.doubt();
    await world.clock.advance(10_000);
    expect(sink.told).toEqual(['assigned 3', 'revoked 3', 'drained 3']);
    expect(world.clock.pending).toBe(0);
  });

  it.each(['release', 'stop'] as const)(
    'that the server gives it during its %s goes back at once: core never hears of it',
    async (end) => {
      const world = surroundings();
      const { clock, server } = world;
      const former = await slotIn(world);
      server.store('t.3', 'k', ['c']);
      await clock.advance(1);
      const next = await slotIn(world);
      await former.slot.stop();
      const consumer = server.consumer('c');
      consumer.pin = undefined;
      server.store('t.3', 'k', ['c']);
      const ended = next.slot[end]();
      await clock.advance(1);
      await ended;
      expect([next.sink.told, next.sink.sequences, next.slot.isAssigned]).toEqual([[], [], false]);
      expect(consumer.acks).toEqual([[2, '-NAK']]);
      await Promise.all([former.slot.release(), next.slot.release()]);
      expect(consumer.pin).toBeUndefined();
    },
  );

  it('that never was its own is not told to be taken away', async () => {
    const world = surroundings();
    const former = await slotIn(world);
    world.server.store('t.3', 'k', ['c']);
    await world.clock.advance(1);
    const next = await slotIn(world);
    await next.slot.release();
    expect(next.sink.told).toEqual([]);
    expect(world.server.consumer('c').pin).toBe(former.slot.pin);
    await former.slot.release();
  });
});
