import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { consumerName, streamName } from './names.js';
import { Cleanup, event, eventually, History, natsBus, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe('on a current server', async () => {
  const { addresses } = await sharedService('nats');

  async function pinnedClient(topic: string, service: string): Promise<string | undefined> {
    const { manager, connection } = await plainClient(addresses);
    const info = await manager.consumers.info(streamName(topic), consumerName(service, topic));
    await connection.close();
    // The client's types do not know of it yet.
    const { priority_groups: groups } = info as { priority_groups?: { pinned_client_id?: string }[] };
    return groups?.[0]?.pinned_client_id;
  }

  it('two instances of a group never handle events of an aggregate at once or out of order, and one leaving hands over', {
    timeout: 60_000,
  }, async () => {
    const topic = uniqueName('topic');
    const service = uniqueName('service');
    const publisher = cleanup.add(await natsBus(addresses), (bus) => bus.close());
    const history = new History();
    const handling = new Set<string>();
    const by = new Set<number>();
    const instance = async (number: number) => {
      const bus = cleanup.add(await natsBus(addresses, { service }), (one) => one.close());
      await bus.subscribeEnvelope<{ sequence: number }>(
        topic,
        async ({ aggregateId, payload }) => {
          expect(handling.has(aggregateId)).toBe(false);
          handling.add(aggregateId);
          by.add(number);
          await new Promise((resolve) => setImmediate(resolve));
          history.handle(aggregateId, payload.sequence);
          handling.delete(aggregateId);
        },
        { ordering: 'cluster' },
      );
      return bus;
    };
    const first = await instance(1);
    await instance(2);
    const publish = async (from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        await Promise.all(
          ['a', 'b', 'c', 'd'].map(async (id) => {
            await publisher.publishEnvelope(topic, event(id, sequence));
            history.accept(id, sequence);
          }),
        );
      }
    };
    await publish(1, 100);
    await eventually(() => history.handledCount === 400);
    expect([...by]).toEqual([1]);
    const pinned = await pinnedClient(topic, service);
    expect(pinned).toBeTruthy();
    const publishing = publish(101, 300);
    await eventually(() => history.handledCount > 500);
    await first.close();
    // It has given up its place, so that nobody waits until the server misses it.
    expect(await pinnedClient(topic, service)).not.toBe(pinned);
    await publishing;
    await eventually(() => history.isComplete, 'the second instance took over');
    history.check();
    expect(history.duplicates).toBe(0);
    expect([...by]).toEqual([1, 2]);
  });
});
