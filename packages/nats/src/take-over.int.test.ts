import { sharedService } from '@ebus/services';
import { jetstream } from '@nats-io/jetstream';
import { afterEach, describe, expect, it } from 'vitest';
import { consumerName, streamName } from './names.js';
import {
  Cleanup,
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

  it('a consumer that died after fetching 500 and handling some: the next one handles every aggregate in order', async () => {
    const topic = uniqueName('topic');
    const service = uniqueName('service');
    const publisher = cleanup.add(await natsBus(addresses), (bus) => bus.close());
    const before = new History();
    const history = new History();
    const publish = async (from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        const ids = Array.from({ length: 20 }, (_, i) => `order-${i}`);
        await Promise.all(ids.map((id) => publisher.publishEnvelope(topic, event(id, sequence))));
      }
    };
    await publish(1, 40);
    // The position of the group is made by ebus; then a client takes 500 of 800, settles some, and is gone.
    const first = await natsBus(addresses, { service });
    const making = await first.subscribeEnvelope(topic, () => {}, { ordering: 'instance' });
    making.pause();
    await first.close({ timeout: 0 });
    const plain = await plainClient(addresses);
    const consumer = await jetstream(plain.connection).consumers.get(
      streamName(topic),
      consumerName(service, topic),
    );
    let settled = 0;
    for await (const message of await consumer.fetch({ max_messages: 500, expires: 5_000 })) {
      const { aggregate_id: id, payload } = message.json<{
        aggregate_id: string;
        payload: { sequence: number };
      }>();
      if (message.seq % 3 === 0) {
        await message.ackAck();
        before.handle(id, payload.sequence);
        settled++;
      }
    }
    expect(settled).toBeGreaterThan(100);
    await plain.connection.close();

    const second = cleanup.add(await natsBus(addresses, { service }), (bus) => bus.close());
    let newer = 0;
    await second.subscribeEnvelope<{ sequence: number }>(
      topic,
      ({ aggregateId, payload }) => {
        if (payload.sequence > 40) newer++;
        history.handle(aggregateId, payload.sequence);
      },
      { ordering: 'instance' },
    );
    await publish(41, 45);
    await eventually(() => history.handledCount === 900 - settled, 'everything unsettled is handled');
    await second.idle();
    expect(newer).toBe(100);
    expect(history.duplicates).toBe(0);
    for (const [id, sequences] of history.handled) {
      expect(sequences, id).toEqual([...sequences].sort((a, b) => a - b));
      expect([...sequences, ...(before.handled.get(id) ?? [])].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 45 }, (_, i) => i + 1),
      );
    }
  });

  it('what a dead process had is waited for although many requests are open', {
    timeout: 40_000,
  }, async () => {
    const topic = uniqueName('topic');
    const service = uniqueName('service');
    const settings = { service, nats: { jetstream: { ackWait: '1500ms' } } } as const;
    const publisher = cleanup.add(await natsBus(addresses), (bus) => bus.close());
    await publisher.publishEnvelope(topic, event('order-1', 1));
    const first = await natsBus(addresses, settings);
    (await first.subscribeEnvelope(topic, () => {}, { ordering: 'instance' })).pause();
    await first.close({ timeout: 0 });
    const plain = await plainClient(addresses);
    const consumer = await jetstream(plain.connection).consumers.get(
      streamName(topic),
      consumerName(service, topic),
    );
    expect(await consumer.next({ expires: 3_000 })).not.toBeNull();
    await plain.connection.close();

    const second = cleanup.add(await natsBus(addresses, settings), (bus) => bus.close());
    const handled: number[] = [];
    await second.subscribeEnvelope<{ sequence: number }>(
      topic,
      async ({ aggregateId, payload }) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (aggregateId === 'order-1') handled.push(payload.sequence);
      },
      { concurrency: 8, ordering: 'instance' },
    );
    await publisher.publishEnvelope(topic, event('order-1', 2));
    let going = true;
    const load = Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        for (let sequence = 1; going; sequence++)
          await publisher.publishEnvelope(topic, event(`other-${i}`, sequence));
      }),
    );
    await eventually(() => handled.length >= 2, 'what was in hand comes again');
    going = false;
    await load;
    expect(handled).toEqual([1, 2]);
  });

  it('what was delivered more often than maxDeliver allows is dead-lettered without another attempt', async () => {
    const topic = uniqueName('topic');
    const service = uniqueName('service');
    const settings = { service, nats: { jetstream: { maxDeliver: 2 } } };
    const attempts: (number | undefined)[] = [];
    for (let run = 1; run <= 2; run++) {
      const bus = cleanup.add(await natsBus(addresses, settings), (one) => one.close());
      if (run === 1) await bus.publishEnvelope(topic, event('order-1', 1));
      const begun = gate();
      await bus.subscribeEnvelope(topic, (_, { deliveryCount, signal }) => {
        attempts.push(deliveryCount);
        begun.resolve();
        return new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      });
      await begun.promise;
      await bus.close({ timeout: 0 });
    }
    const last = cleanup.add(await natsBus(addresses, settings), (one) => one.close());
    const subscription = await last.subscribeEnvelope(topic, (_, { deliveryCount }) => {
      attempts.push(deliveryCount);
    });
    await eventually(() => subscription.stats().deadLettered === 1);
    expect(attempts).toEqual([1, 2]);
    const [letter] = await last.deadLetters.list(topic);
    expect(letter?.errorMessage).toContain('delivered 3 times, and 2 are allowed');
  });
});
