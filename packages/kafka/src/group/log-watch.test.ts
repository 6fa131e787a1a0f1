import { describe, expect, it } from 'vitest';
import { LogWatch } from './log-watch.js';
import { FakeSession } from './testing/fake-session.js';
import { at, message } from './testing/fakes.js';

const LOOK_MS = 10_000;

function watching() {
  const fake = new FakeSession();
  const share = fake.topic('orders');
  const partition = fake.partition(share, 0);
  partition.position('old', at(5));
  fake.log('orders', 0, { topicId: 'old', begin: 0, end: 5 });
  const watch = new LogWatch(fake.session);
  const { clock } = fake;
  watch.tick(clock.monotonic());
  const look = async (after = LOOK_MS) => {
    await clock.advance(after);
    watch.tick(clock.monotonic());
    await fake.settle();
  };
  return { fake, share, partition, watch, look, sink: fake.sink('orders') };
}

describe('comparing what is read with the logs', () => {
  it('leaves what lies in its log alone, also where nothing comes for long', async () => {
    const { fake, look, sink } = watching();
    await look();
    await look();
    expect([fake.told, sink.told]).toEqual([[], []]);
  });

  it('begins anew where the topic is another one, and what was delivered of the old log settles nothing', async () => {
    const { fake, partition, look, sink } = watching();
    const delivery = partition.receive(message('orders', 0, 5));
    fake.log('orders', 0, { topicId: 'new', begin: 2, end: 9 });
    await look();
    expect(fake.told).toEqual(['seek orders:0 2', 'commit soon']);
    expect(sink.told).toEqual([
      'unassigned 0: the topic was deleted and made anew',
      expect.stringMatching(/failed: .*partition 0 of 'orders'.*made anew/),
      'assigned 0',
    ]);
    if (delivery !== undefined) partition.settle(delivery.tracker, delivery.handle);
    expect(partition.place).toEqual({ offset: 2, topicId: 'new' });
  });

  it('notices a log that was cut once nothing comes any more: until then its end may only be told late', async () => {
    const { fake, partition, look, sink } = watching();
    await look();
    fake.log('orders', 0, { topicId: 'old', begin: 0, end: 3 });
    partition.receive(message('orders', 0, 5));
    await look();
    expect(sink.told).toEqual([]);
    await look();
    expect(fake.told).toEqual(['seek orders:0 0', 'commit soon']);
  });

  it('moves at once where the client said that a position is outside of its log, and looks again at the others', async () => {
    const { fake, share, watch, look } = watching();
    const other = fake.partition(share, 1);
    other.position('old', at(7));
    fake.log('orders', 0, { topicId: 'old', begin: 6, end: 9 });
    fake.log('orders', 1, { topicId: 'old', begin: 0, end: 9 });
    watch.soon(true);
    await look(250);
    expect(fake.told).toEqual(['seek orders:0 6', 'commit soon', 'seek orders:1 7']);
  });

  it('takes nothing more of a topic that the client knows to be another one, until it was looked at', async () => {
    const { fake, partition, watch, look, sink } = watching();
    watch.renewed('orders', 'old');
    watch.renewed('elsewhere', 'new');
    expect(partition.isOpen).toBe(true);
    watch.renewed('orders', 'new');
    expect(partition.isOpen).toBe(false);
    fake.silent = new Error('no answer');
    await look(250);
    expect(partition.isOpen).toBe(false);
    fake.silent = undefined;
    fake.log('orders', 0, { topicId: 'new', begin: 0, end: 1 });
    await look(250);
    expect(partition.isOpen).toBe(true);
    expect(fake.told).toEqual(['seek orders:0 0', 'commit soon']);
    expect(sink.told).toHaveLength(3);
  });

  it('goes back to where it stood, where the topic turns out to be the same', async () => {
    const { fake, partition, watch, look, sink } = watching();
    watch.renewed('orders', 'new');
    await look(250);
    expect(partition.isOpen).toBe(true);
    expect([fake.told, sink.told]).toEqual([['seek orders:0 5'], []]);
  });

  it('has the client told again where to read, where nothing comes for long although there is more and room for it', async () => {
    const { fake, share, partition, look } = watching();
    const seeks = () => fake.told.filter((one) => one.startsWith('seek'));
    fake.log('orders', 0, { topicId: 'old', begin: 0, end: 9 });
    for (let i = 0; i < 6; i++) await look();
    expect(seeks()).toEqual([]);
    share.grant({ messages: 10, bytes: 1_000 });
    partition.receive(message('orders', 0, 5));
    for (let i = 0; i < 3; i++) await look();
    expect([seeks(), fake.lines]).toEqual([[], []]);
    await look();
    expect(seeks()).toEqual(['seek orders:0 6']);
    expect(fake.lines).toEqual([
      expect.stringMatching(/partition 0 of 'orders' goes on to 9.*nothing after 6/),
    ]);
    partition.reachedEnd(9);
    for (let i = 0; i < 6; i++) await look();
    expect(seeks()).toHaveLength(1);
  });

  it('looks again soon while a log in doubt has no leader', async () => {
    const { fake, partition, watch, look } = watching();
    watch.renewed('orders', 'new');
    fake.logs.clear();
    await look(250);
    fake.log('orders', 0, { topicId: 'new', begin: 0, end: 0 });
    await look(250);
    expect(partition.topicId).toBe('new');
  });

  it('tells that a topic is gone, and that it has more partitions than before', async () => {
    const { fake, look, sink } = watching();
    await look();
    expect(fake.widenedTimes).toBe(0);
    fake.log('orders', 1, { topicId: 'old', begin: 0, end: 0 });
    await look();
    expect(fake.widenedTimes).toBe(1);
    fake.logs.clear();
    await look();
    expect(sink.told).toEqual([expect.stringMatching(/failed: topic 'orders' does not exist/)]);
  });
});

describe('a consumer whose coordinator does not answer', () => {
  it('is replaced after a while, and that is told', async () => {
    const { fake, look, sink } = watching();
    fake.coordinator = new Error('Local: Timed out');
    for (let i = 0; i < 5; i++) await look();
    expect(fake.broken).toEqual([]);
    await look();
    expect(fake.broken).toHaveLength(1);
    expect(sink.told).toEqual([expect.stringMatching(/failed: the consumer of group 'billing' reaches/)]);
  });

  it('is kept where it answers again', async () => {
    const { fake, look } = watching();
    fake.coordinator = new Error('Local: Timed out');
    for (let i = 0; i < 4; i++) await look();
    fake.coordinator = undefined;
    await look();
    fake.coordinator = new Error('Local: Timed out');
    for (let i = 0; i < 4; i++) await look();
    expect(fake.broken).toEqual([]);
  });

  it('is replaced where its commits fail as long', async () => {
    const { fake, look } = watching();
    fake.failingSince = fake.clock.monotonic();
    for (let i = 0; i < 5; i++) await look();
    expect(fake.broken).toHaveLength(1);
  });
});
