import type { Message } from '@confluentinc/kafka-javascript';
import { describe, expect, it } from 'vitest';
import { Partition } from './partition.js';
import { Poller } from './poller.js';
import { Shares } from './shares.js';
import { at, FakeSink, message } from './testing/fakes.js';
import { TopicShare } from './topic-share.js';

/** A client whose polls the test answers. */
class FakeConsumer {
  readonly polls: { most: number; answer(error: unknown, messages?: Message[]): void }[] = [];

  consume(most: number, done: (error: unknown, messages?: Message[]) => void): void {
    this.polls.push({ most, answer: done });
  }
}

async function polling(...topics: string[]) {
  const consumer = new FakeConsumer();
  const shares = new Shares();
  const failures: unknown[] = [];
  const adjusted: string[] = [];
  const sinks = new Map<string, FakeSink>();
  for (const topic of topics) {
    const share = new TopicShare(topic);
    const sink = new FakeSink();
    share.reader = sink;
    for (const id of [0, 1]) {
      const partition = new Partition({ topic, partition: id });
      partition.position('id', at(0));
      share.partitions.set(id, partition);
    }
    sinks.set(topic, sink);
    shares.active.set(topic, share);
  }
  const poller = new Poller({
    consumer: consumer as never,
    shares: () => shares.active.values(),
    shareOf: (topic) => shares.of(topic),
    adjust: ({ topic, isStalled }) => void adjusted.push(`${topic} ${isStalled ? 'paused' : 'on'}`),
    failed: (error) => void failures.push(error),
  });
  const answer = async (messages: Message[], error: unknown = null) => {
    consumer.polls.at(-1)?.answer(error, messages);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  const share = (topic: string) => shares.of(topic) as TopicShare;
  const grant = (topic: string, messages: number) => share(topic).grant({ messages, bytes: 1_000_000 });
  return { poller, consumer, share, sinks, failures, adjusted, answer, grant };
}

describe('the poller', () => {
  it('asks for no more than a topic has room for, one poll at a time', async () => {
    const { poller, consumer, grant, answer, sinks } = await polling('orders');
    poller.readable();
    expect(consumer.polls).toHaveLength(0);
    grant('orders', 2);
    poller.pump();
    poller.readable();
    expect(consumer.polls.map(({ most }) => most)).toEqual([2]);
    await answer([message('orders', 0, 0), message('orders', 0, 1)]);
    expect(sinks.get('orders')?.places).toEqual(['0:0', '0:1']);
    expect(consumer.polls).toHaveLength(1);
    grant('orders', 5);
    poller.pump();
    expect(consumer.polls.at(-1)?.most).toBe(5);
  });

  it('polls on while messages are handed over, as far as there is room beside them', async () => {
    const { poller, consumer, share, grant, answer } = await polling('orders');
    grant('orders', 40);
    poller.readable();
    const most: (number | undefined)[][] = [];
    const sink = new FakeSink();
    sink.push = () => void most.push(consumer.polls.map((poll) => poll.most));
    share('orders').reader = sink;
    await answer(Array.from({ length: 32 }, (_, offset) => message('orders', 0, offset)));
    expect(most).toEqual([[32, 8]]);
    await answer(Array.from({ length: 8 }, (_, offset) => message('orders', 0, 32 + offset)));
    expect(most).toEqual([
      [32, 8],
      [32, 8],
    ]);
  });

  it('hands over the partitions in turn, each in log order', async () => {
    const { poller, grant, answer, sinks } = await polling('orders');
    grant('orders', 10);
    poller.readable();
    await answer([0, 1, 2].flatMap((o) => [message('orders', 0, o)]).concat(message('orders', 1, 0)));
    expect(sinks.get('orders')?.places).toEqual(['0:0', '1:0', '0:1', '0:2']);
  });

  it('pauses a topic without room where another has room', async () => {
    const { poller, consumer, grant, adjusted } = await polling('orders', 'letters');
    grant('orders', 10);
    poller.readable();
    expect(adjusted).toEqual(['letters paused']);
    expect(consumer.polls).toHaveLength(1);
  });

  it('polls after a while even where no topic has room, and pauses them before: else the group expels the member', async () => {
    const { poller, consumer, adjusted } = await polling('orders');
    for (let tick = 0; tick < 8; tick++) poller.tick();
    expect(adjusted).toEqual(['orders paused']);
    expect(consumer.polls).toHaveLength(1);
  });

  describe('without room', () => {
    /** Asked for an answer while there is no room, the client gives another message each time. */
    async function ahead(offsets: readonly number[]) {
      const made = await polling('orders');
      for (const offset of offsets) {
        made.poller.ask();
        await made.answer([message('orders', 0, offset)]);
      }
      return made;
    }

    it('takes a message for an answer, and hands it over once there is room, before those that follow', async () => {
      const { poller, consumer, grant, answer, sinks, share } = await ahead([0, 1, 2]);
      expect(sinks.get('orders')?.places).toEqual([]);
      grant('orders', 2);
      poller.pump();
      expect(sinks.get('orders')?.places).toEqual(['0:0', '0:1']);
      expect(share('orders').messages).toBe(0);
      expect(consumer.polls).toHaveLength(3);
      grant('orders', 5);
      poller.readable();
      expect(consumer.polls.at(-1)?.most).toBe(4);
      await answer([message('orders', 0, 3)]);
      expect(sinks.get('orders')?.places).toEqual(['0:0', '0:1', '0:2', '0:3']);
    });

    it('looks for the answer as soon as the poll at hand has ended', async () => {
      const { poller, consumer, grant, answer } = await polling('orders');
      grant('orders', 1);
      poller.readable();
      poller.ask();
      await answer([message('orders', 0, 0)]);
      expect(consumer.polls.map(({ most }) => most)).toEqual([1, 1]);
    });

    it('pauses the topic once too many have come', async () => {
      const offsets = Array.from({ length: 32 }, (_, offset) => offset);
      const { poller, consumer, adjusted } = await ahead(offsets);
      expect(adjusted).toEqual([]);
      poller.ask();
      expect(adjusted).toEqual(['orders paused']);
      expect(consumer.polls.at(-1)?.most).toBeGreaterThan(1);
    });

    it('pauses the topic once large ones have come', async () => {
      const { poller, answer, adjusted } = await polling('orders');
      poller.ask();
      await answer([{ ...message('orders', 0, 0), size: 9 * 1024 * 1024 }]);
      poller.ask();
      expect(adjusted).toEqual(['orders paused']);
    });

    it('forgets what is read again: its partition went, or was positioned anew', async () => {
      const { poller, grant, share, answer, sinks } = await ahead([5]);
      poller.ask();
      await answer([message('orders', 1, 7)]);
      share('orders').partitions.get(0)?.position('id', at(2));
      share('orders').partitions.set(1, new Partition({ topic: 'orders', partition: 1 }));
      grant('orders', 10);
      poller.pump();
      expect(sinks.get('orders')?.places).toEqual([]);
      expect(share('orders').partitions.get(0)?.next).toBe(2);
    });

    it('comes to the end of the log after what waits', async () => {
      const { poller, grant, share, answer, sinks } = await ahead([0]);
      poller.ended({ topic: 'orders', partition: 0, offset: 4 });
      poller.ask();
      await answer([]);
      expect(share('orders').partitions.get(0)?.next).toBe(0);
      grant('orders', 10);
      poller.pump();
      expect(sinks.get('orders')?.places).toEqual(['0:0']);
      expect(share('orders').partitions.get(0)?.next).toBe(4);
    });

    it('comes to the end after messages whose room was taken back while they were polled', async () => {
      const { poller, grant, share, answer, sinks } = await polling('orders');
      const partition = share('orders').partitions.get(0);
      grant('orders', 10);
      poller.readable();
      grant('orders', 0);
      poller.ended({ topic: 'orders', partition: 0, offset: 2 });
      await answer([message('orders', 0, 0), message('orders', 0, 1)]);
      expect(partition?.settledUpTo).toBe(0);
      grant('orders', 10);
      poller.pump();
      expect(sinks.get('orders')?.places).toEqual(['0:0', '0:1']);
      expect(partition).toMatchObject({ next: 2, settledUpTo: 0 });
    });

    it('never comes to the end of a topic that was left before its messages were handed over', async () => {
      const { poller, share, answer } = await ahead([0]);
      poller.ended({ topic: 'orders', partition: 0, offset: 1 });
      share('orders').reader = undefined;
      poller.ask();
      await answer([]);
      poller.pump();
      expect(share('orders').partitions.get(0)?.settledUpTo).toBe(0);
    });

    it('does not hold up other topics', async () => {
      const { poller, grant, answer, sinks } = await polling('orders', 'letters');
      poller.ask();
      await answer([message('orders', 0, 0)]);
      grant('letters', 10);
      poller.readable();
      await answer([message('letters', 0, 0), message('orders', 0, 1)]);
      expect(sinks.get('letters')?.places).toEqual(['0:0']);
      grant('orders', 10);
      poller.pump();
      expect(sinks.get('orders')?.places).toEqual(['0:0', '0:1']);
    });
  });

  it('lets a topic go on that has room again', async () => {
    const { poller, grant, share, adjusted } = await polling('orders');
    share('orders').isStalled = true;
    share('orders').messages = 0;
    poller.tick();
    expect(adjusted).toEqual([]);
    grant('orders', 1);
    share('orders').isStalled = true;
    poller.tick();
    expect(adjusted).toEqual(['orders on']);
  });

  it('drops what is not this member’s any more, and what is of a log in doubt', async () => {
    const { poller, grant, share, answer, sinks } = await polling('orders');
    grant('orders', 10);
    poller.readable();
    const [gone, doubted] = [share('orders').partitions.get(0), share('orders').partitions.get(1)];
    gone?.release();
    if (doubted !== undefined) doubted.isDoubted = true;
    await answer([
      message('orders', 0, 0),
      message('orders', 1, 0),
      message('orders', 7, 0),
      message('foreign', 0, 0),
    ]);
    expect(sinks.get('orders')?.places).toEqual([]);
    expect(doubted?.next).toBe(0);
  });

  it('takes the end of the log after the messages that were polled with it, and says that it goes on', async () => {
    const { poller, grant, share, answer, sinks } = await polling('orders');
    grant('orders', 10);
    share('orders').hasFailed = true;
    poller.readable();
    poller.ended({ topic: 'orders', partition: 0, offset: 3 });
    await answer([message('orders', 0, 0)]);
    expect(sinks.get('orders')?.places).toEqual(['0:0']);
    expect(sinks.get('orders')?.told).toEqual(['resumed']);
    expect(share('orders').partitions.get(0)?.next).toBe(3);
  });

  it('comes to no end of a partition whose messages it drops: they are not handled', async () => {
    const { poller, grant, share, answer } = await polling('orders');
    const [revoked, doubted] = [share('orders').partitions.get(0), share('orders').partitions.get(1)];
    grant('orders', 10);
    poller.readable();
    if (revoked !== undefined) revoked.revoked = true;
    if (doubted !== undefined) doubted.isDoubted = true;
    poller.ended({ topic: 'orders', partition: 0, offset: 1 });
    poller.ended({ topic: 'orders', partition: 1, offset: 1 });
    await answer([message('orders', 0, 0), message('orders', 1, 0)]);
    expect([revoked?.settledUpTo, doubted?.settledUpTo]).toEqual([0, 0]);
    if (doubted !== undefined) doubted.isDoubted = false;
    poller.ended({ topic: 'orders', partition: 1, offset: 1 });
    await answer([]);
    expect(doubted?.settledUpTo).toBe(0);
  });

  it('seeks between polls: what the client had read from elsewhere neither comes after, nor ends the log', async () => {
    const { poller, consumer, grant, share, answer, sinks } = await polling('orders');
    const moved = share('orders').partitions.get(0) as Partition;
    moved.isPositioned = false;
    grant('orders', 10);
    poller.readable();
    const steps: string[] = [];
    let found = () => {};
    const sought = poller.whileResting(moved, async () => {
      moved.position('id', at(5));
      steps.push('seek');
      await new Promise<void>((resolve) => {
        found = resolve;
      });
    });
    expect(steps).toEqual([]);
    poller.ended({ topic: 'orders', partition: 0, offset: 20 });
    await answer([message('orders', 0, 9), message('orders', 1, 0)]);
    poller.readable();
    expect(steps).toEqual(['seek']);
    expect(sinks.get('orders')?.places).toEqual(['1:0']);
    expect(consumer.polls).toHaveLength(1);
    found();
    await sought;
    expect(consumer.polls).toHaveLength(2);
    await answer([message('orders', 0, 5)]);
    expect(moved.settledUpTo).toBe(5);
    expect(sinks.get('orders')?.places).toEqual(['1:0', '0:5']);
  });

  it('takes the end of a log for none of the partition that came in its place, or is read again', async () => {
    const { poller, grant, share, answer } = await polling('orders');
    const [gone, moved] = [share('orders').partitions.get(0), share('orders').partitions.get(1)];
    poller.ask();
    await answer([message('orders', 0, 0)]);
    poller.ended({ topic: 'orders', partition: 0, offset: 9 });
    poller.ended({ topic: 'orders', partition: 1, offset: 9 });
    gone?.release();
    share('orders').partitions.set(0, new Partition({ topic: 'orders', partition: 0 }));
    share('orders').partitions.get(0)?.position('id', at(3));
    await poller.whileResting(moved as Partition, async () => moved?.readAgain());
    grant('orders', 10);
    poller.readable();
    await answer([]);
    expect(share('orders').partitions.get(0)?.settledUpTo).toBe(3);
    expect(moved?.settledUpTo).toBe(0);
  });

  it('tells an error, polls on behind it, and nothing any more once it is stopped', async () => {
    const { poller, consumer, grant, answer, failures } = await polling('orders');
    grant('orders', 10);
    poller.readable();
    await answer([], new Error('outside'));
    expect(failures).toHaveLength(1);
    expect(consumer.polls).toHaveLength(2);
    poller.stop();
    await answer([], new Error('late'));
    expect(failures).toHaveLength(1);
    poller.readable();
    expect(consumer.polls).toHaveLength(2);
  });

  it('has a full partition paused', async () => {
    const { poller, grant, share, answer, adjusted } = await polling('orders');
    grant('orders', 20_000);
    poller.readable();
    const all = Array.from({ length: 10_000 }, (_, offset) => message('orders', 0, offset));
    await answer(all);
    expect(share('orders').partitions.get(0)?.isFull).toBe(true);
    expect(adjusted).toEqual(['orders on']);
  });
});
