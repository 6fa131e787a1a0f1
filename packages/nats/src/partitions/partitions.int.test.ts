/** Partitions on a real server: where records go, who reads them, and in which order. */
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { streamName } from '../names.js';
import { Cleanup, event, eventually, History, natsBus, plainClient, uniqueName } from '../testing/harness.js';
import { partitionOf } from './partition-of.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const KEYS = Array.from({ length: 40 }, (_, i) => `order-${i}`);

describe('a topic with partitions', async () => {
  const { addresses } = await sharedService('nats');

  async function topicWith(partitions: number) {
    const topic = uniqueName('topic');
    const bus = cleanup.add(await natsBus(addresses), (one) => one.close());
    await bus.topics.configure(topic, { partitions });
    const history = new History();
    const publish = async (from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        await Promise.all(
          KEYS.map(async (id) => {
            await bus.publishEnvelope(topic, event(id, sequence));
            history.accept(id, sequence);
          }),
        );
      }
    };
    const member = async (service: string, handled = history) => {
      const one = cleanup.add(
        await natsBus(addresses, { service, nats: { jetstream: { ackWait: '10s' } } }),
        (each) => each.close(),
      );
      const partitions = new Set<number>();
      one.on('assigned', (told) => told.partitions.forEach((partition) => void partitions.add(partition)));
      one.on('revoked', (told) => told.partitions.forEach((partition) => void partitions.delete(partition)));
      const subscription = await one.subscribeEnvelope<{ sequence: number }>(
        topic,
        async ({ aggregateId, payload }) => {
          await new Promise((resolve) => setImmediate(resolve));
          handled.handle(aggregateId, payload.sequence);
        },
        { ordering: 'cluster' },
      );
      return { bus: one, partitions, subscription };
    };
    return { topic, bus, history, publish, member };
  }

  it('has its records in the partitions that Kafka would choose, and one member reads all in order', {
    timeout: 60_000,
  }, async () => {
    const { topic, history, publish, member, bus } = await topicWith(12);
    await publish(1, 5);
    const { partitions, bus: consumer } = await member(uniqueName('service'));
    await eventually(() => partitions.size === 12);
    await publish(6, 20);
    await eventually(() => history.isComplete);
    history.check();
    expect(history.duplicates).toBe(0);
    expect(await bus.topics.describe(topic)).toMatchObject({ partitions: 12, alterable: true });
    await consumer.idle({ timeout: '5s' });
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const { config, state } = await plain.manager.streams.info(streamName(topic), { subjects_filter: '>' });
    expect(config.subjects).toEqual([topic, ...[...Array(12).keys()].map((one) => `${topic}.${one}`)]);
    const wanted = new Set(KEYS.map((key) => `${topic}.${partitionOf(key, 12)}`));
    expect(new Set(Object.keys(state.subjects ?? {}))).toEqual(wanted);
  });

  it('is shared by members as they come and go, in order, and nothing is handled twice', {
    timeout: 60_000,
  }, async () => {
    const { history, publish, member } = await topicWith(12);
    const service = uniqueName('service');
    const first = await member(service);
    const publishing = publish(1, 60);
    await eventually(() => history.handledCount > 200);
    const second = await member(service);
    await eventually(() => first.partitions.size === 6 && second.partitions.size === 6, 'two share');
    const third = await member(service);
    const all = [first, second, third];
    await eventually(() => all.every(({ partitions }) => partitions.size === 4), 'three share');
    expect(new Set(all.flatMap(({ partitions }) => [...partitions])).size).toBe(12);
    await first.bus.close();
    await eventually(() => second.partitions.size === 6 && third.partitions.size === 6, 'two share again');
    await publishing;
    await eventually(() => history.isComplete);
    history.check();
    expect(history.duplicates).toBe(0);
  });

  it('goes from 1 to 12 partitions and back while it is used: nothing is lost, the order is kept', {
    timeout: 120_000,
  }, async () => {
    const { topic, bus, history, publish, member } = await topicWith(1);
    const service = uniqueName('service');
    const [first] = [await member(service), await member(service)];
    const publishing = publish(1, 150);
    const ofAnother = new History();
    const all = await member(uniqueName('another'), ofAnother);
    await eventually(() => history.handledCount > 200);
    const more = await bus.topics.configure(topic, { partitions: 12 }, { allowPartitionIncrease: true });
    expect(more).toMatchObject({ action: 'changed', changed: ['partitions'] });
    await eventually(() => first.partitions.size === 6 && all.partitions.size === 12, 'it is shared', 30_000);
    const less = await bus.topics.configure(topic, { partitions: 1 }, { allowPartitionDecrease: true });
    expect(less).toMatchObject({ action: 'changed', changed: ['partitions'] });
    await eventually(() => all.partitions.size === 1, 'it is one again', 30_000);
    await publishing;
    for (const [id, sequences] of history.accepted) for (const one of sequences) ofAnother.accept(id, one);
    for (const each of [history, ofAnother]) {
      // A machine that is busy for seconds lets leases run out.
      await eventually(() => each.isComplete, 'all is handled', 40_000);
      each.check();
      expect(each.duplicates).toBe(0);
    }
  });
});
