/** Declared topics share one consumer: exactly one, nothing lost when topics are added or handlers come late. */
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { unifiedName } from './names.js';
import {
  Cleanup,
  consumersOf,
  event,
  eventually,
  gate,
  History,
  natsBus,
  plainClient,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe.each(['current', '2.9'])('on a %s server', async (version) => {
  const { addresses } = await sharedService('nats', { version });

  async function shop() {
    const prefix = uniqueName('shop');
    const stream = { name: `${prefix}-all`, subjects: [`${prefix}.>`] };
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const bus = async (topics: readonly string[]) => {
      const jetstream = { stream, consumer: { topics } };
      return cleanup.add(await natsBus(addresses, { service: prefix, nats: { jetstream } }), (one) =>
        one.close(),
      );
    };
    const publisher = await bus([]);
    return { prefix, stream: stream.name, plain, bus, publisher };
  }

  it.each([5, 100])(
    '%i topics make one durable consumer, and each gets its messages in order',
    async (count) => {
      const { prefix, stream, plain, bus, publisher } = await shop();
      const topics = Array.from({ length: count }, (_, i) => `${prefix}.t${i}`);
      await publisher.publish(`${prefix}.other`, 'not declared');
      for (const topic of topics) await publisher.publishEnvelope(topic, event('a', 1));
      const consumer = await bus(topics);
      const history = new History();
      for (const topic of topics) {
        expect(history.handledCount).toBe(0);
        await consumer.subscribeEnvelope<{ sequence: number }>(topic, async ({ payload }, context) => {
          expect(context.topic).toBe(topic);
          history.handle(topic, payload.sequence);
        });
      }
      await Promise.all(topics.map((topic) => publisher.publishEnvelope(topic, event('a', 2))));
      for (const topic of topics) {
        history.accept(topic, 1);
        history.accept(topic, 2);
      }
      await eventually(() => history.isComplete);
      await consumer.idle();
      history.check();
      expect(history.duplicates).toBe(0);
      const consumers = await consumersOf(plain, stream);
      expect(consumers.map(({ name }) => name)).toEqual([unifiedName(prefix)]);
      await eventually(async () => {
        const [info] = await consumersOf(plain, stream);
        expect(info?.num_ack_pending).toBe(0);
      });
    },
  );

  it('a deploy that adds a topic which already holds messages loses none, and keeps their order', async () => {
    const { prefix, stream, plain, bus, publisher } = await shop();
    const [orders, refunds] = [`${prefix}.orders`, `${prefix}.refunds`];
    const publish = async (topic: string, from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        await publisher.publishEnvelope(topic, event('a', sequence));
      }
    };
    const seen: Record<string, number[]> = { [orders]: [], [refunds]: [] };
    const subscribe = (one: Awaited<ReturnType<typeof bus>>, topic: string) =>
      one.subscribeEnvelope<{ sequence: number }>(
        topic,
        ({ payload }) => void seen[topic]?.push(payload.sequence),
      );
    await publish(refunds, 1, 20);
    const before = await bus([orders]);
    await subscribe(before, orders);
    await publish(orders, 1, 10);
    await publish(refunds, 21, 40);
    await eventually(() => seen[orders]?.length === 10);
    await before.close();

    const after = await bus([orders, refunds]);
    await subscribe(after, orders);
    await publish(refunds, 41, 50);
    await publish(orders, 11, 20);
    await subscribe(after, refunds);
    await publish(refunds, 51, 60);
    await publish(orders, 21, 30);
    await eventually(() => seen[orders]?.length === 30 && seen[refunds]?.length === 60);
    await after.idle();
    expect(seen[orders]).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(seen[refunds]).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    await eventually(async () => {
      expect((await consumersOf(plain, stream)).map(({ name }) => name)).toEqual([unifiedName(prefix)]);
    });
    await after.close();

    // Never narrowed: taking a topic out and in again loses nothing, and asks for no catch-up.
    const narrow = await bus([orders]);
    await subscribe(narrow, orders);
    await publish(orders, 31, 31);
    await eventually(() => seen[orders]?.length === 31);
  });

  it('an instance that ends in the midst of catching up leaves the rest to the next one, in order', async () => {
    const { prefix, bus, publisher } = await shop();
    const [orders, refunds] = [`${prefix}.orders`, `${prefix}.refunds`];
    const first = await bus([orders]);
    await first.subscribeEnvelope(orders, () => {});
    for (let sequence = 1; sequence <= 30; sequence++) {
      await publisher.publishEnvelope(refunds, event('a', sequence));
    }
    await first.close();
    const second = await bus([orders, refunds]);
    const stuck = gate();
    const handled: number[] = [];
    await second.subscribeEnvelope(orders, () => {});
    await second.subscribeEnvelope<{ sequence: number }>(refunds, async ({ payload }) => {
      if (payload.sequence === 10) await stuck.promise;
      else handled.push(payload.sequence);
    });
    await eventually(() => handled.length === 9);
    await publisher.publishEnvelope(refunds, event('a', 31));
    await second.close({ timeout: 10 });
    stuck.resolve();

    const third = await bus([orders, refunds]);
    await third.subscribeEnvelope(orders, () => {});
    await third.subscribeEnvelope<{ sequence: number }>(
      refunds,
      ({ payload }) => void handled.push(payload.sequence),
    );
    await eventually(() => handled.includes(31));
    expect(handled).toEqual(Array.from({ length: 31 }, (_, i) => i + 1));
  });

  it('in the default mode, a consumer for each topic, a paused one does not slow another', async () => {
    const { prefix, stream, plain, bus, publisher } = await shop();
    const [slow, fast] = [`${prefix}.slow`, `${prefix}.fast`];
    const consumer = await bus([]);
    const paused = await consumer.subscribeEnvelope(slow, () => {});
    paused.pause();
    let handled = 0;
    await consumer.subscribeEnvelope(fast, () => void handled++);
    const events = Array.from({ length: 1_500 }, (_, i) => event(`a-${i % 10}`, i));
    await publisher.publishEnvelopes(slow, events);
    await publisher.publishEnvelopes(fast, events);
    await eventually(() => handled === 1_500);
    expect((await consumersOf(plain, stream)).length).toBe(2);
  });
});
