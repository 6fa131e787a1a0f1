/** Topics with partitions while their persistence or the number of their partitions changes, and while handlers are slow. */
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type BusSettings,
  Cleanup,
  event,
  eventually,
  gate,
  History,
  natsBus,
  uniqueName,
} from '../testing/harness.js';
import { partitionOf } from './partition-of.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const KEYS = Array.from({ length: 12 }, (_, i) => `order-${i}`);

describe('a topic with partitions', async () => {
  const { addresses } = await sharedService('nats');

  const aBus = async (settings: BusSettings = {}) =>
    cleanup.add(await natsBus(addresses, settings), (one) => one.close({ timeout: '2s' }));

  async function aTopic(partitions: number) {
    const topic = uniqueName('topic');
    const bus = await aBus({
      common: { topics: { [topic]: { partitions } } },
      nats: { jetstream: { ackWait: '10s' } },
    });
    await bus.topics.configure(topic, { partitions });
    const history = new History();
    const publish = async (from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        await Promise.all(
          KEYS.map((id) =>
            bus.publishEnvelope(topic, event(id, sequence)).then(() => history.accept(id, sequence)),
          ),
        );
      }
    };
    return { topic, bus, history, publish };
  }

  it('goes to Core NATS and back twice behind handlers that wait: all ways end, in order', {
    timeout: 120_000,
  }, async () => {
    const { topic, bus, history, publish } = await aTopic(4);
    const blocked = gate();
    await bus.subscribeEnvelope<{ sequence: number }>(topic, async ({ aggregateId, payload }) => {
      await blocked.promise;
      history.handle(aggregateId, payload.sequence);
    });
    await publish(1, 5);
    for (const [persistent, sequence] of [
      [false, 6],
      [true, 7],
      [false, 8],
      [true, 9],
    ] as const) {
      await bus.topics.setPersistence(topic, persistent);
      await publish(sequence, sequence);
    }
    expect(history.handledCount).toBe(0);
    blocked.resolve();
    await eventually(() => history.isComplete, 'all ways end', 60_000);
    await bus.idle();
    history.check();
    expect(await bus.topics.describe(topic)).toMatchObject({ partitions: 4 });
  });

  it('shows an operator what a group has not settled, while that still reads the former layout', async () => {
    const { topic, bus, publish } = await aTopic(4);
    const service = uniqueName('service');
    const member = await aBus({ service, nats: { jetstream: { ackWait: '30s' } } });
    const blocked = gate();
    let begun = 0;
    await member.subscribeEnvelope(topic, async () => {
      begun++;
      await blocked.promise;
    });
    await publish(1, 2);
    await eventually(() => begun === KEYS.length);
    await bus.topics.configure(topic, { partitions: 2 }, { allowPartitionDecrease: true });
    await publish(3, 3);
    const shown = async (partition?: number) => {
      const keys: string[] = [];
      const of = partition === undefined ? {} : { partition };
      for await (const message of bus.inspect.browse(topic, { from: { group: service }, ...of }))
        keys.push(String(message.key));
      return keys.sort();
    };
    const twice = [...KEYS, ...KEYS].filter((key) => partitionOf(key, 4) === 3).sort();
    expect(twice.length).toBeGreaterThan(0);
    expect(await shown(3)).toEqual(twice);
    expect(await shown()).toEqual([...KEYS, ...KEYS, ...KEYS].sort());
    blocked.resolve();
    await member.idle();
    await eventually(async () => (await shown()).length === 0, 'it goes on with the present layout');
  });

  it('has one reader while it moves, although handlers take longer than a pin lasts', {
    timeout: 60_000,
  }, async () => {
    const { topic, publish } = await aTopic(2);
    // The first member keeps the lower one of two partitions.
    const moving = (key: string) => partitionOf(key, 2) === 1;
    const service = uniqueName('service');
    const begun: string[] = [];
    const blocked = gate();
    const join = async (name: string) => {
      const one = await aBus({ service, nats: { jetstream: { ackWait: '2s' } } });
      const own = new Set<number>();
      one.on('assigned', (told) => told.partitions.forEach((partition) => void own.add(partition)));
      await one.subscribeEnvelope<{ sequence: number }>(topic, async ({ aggregateId, payload }) => {
        if (moving(aggregateId)) begun.push(`${aggregateId}#${payload.sequence} ${name}`);
        if (moving(aggregateId) && name === 'first') await blocked.promise;
      });
      return own;
    };
    const first = await join('first');
    await eventually(() => first.size === 2);
    await publish(1, 1);
    const keys = KEYS.filter(moving);
    await eventually(() => begun.length === keys.length);
    const second = await join('second');
    await publish(2, 2);
    const joined = performance.now();
    await eventually(() => performance.now() - joined > 3_500, 'a pin without requests has gone by then');
    expect([...second]).toEqual([]);
    blocked.resolve();
    await eventually(() => second.has(1) && begun.length === 2 * keys.length);
    expect(begun.slice(keys.length).sort()).toEqual(keys.map((key) => `${key}#2 second`).sort());
  });
});
