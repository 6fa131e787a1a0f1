/** The lag that is reported is what a client that knows nothing of ebus computes. */
import type { EventBus, SubscriberBacklogEvent } from '@ebus/core';
import { sharedService, startService } from '@ebus/services';
import type { Admin } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import {
  Cleanup,
  event,
  eventually,
  gate,
  kafkaBus,
  plainAdmin,
  plainKafka,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** By partition: the end of the log minus where the group stands, which is never before the log's beginning. */
async function lagOf(admin: Admin, groupId: string, topic: string): Promise<number[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return [...ends]
    .sort((a, b) => a.partition - b.partition)
    .map(({ partition, low, high }) => {
      const offset = Number(committed?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
      return Number(high) - Math.max(Number(low), offset);
    });
}

function watched(bus: EventBus) {
  const events: SubscriberBacklogEvent[] = [];
  bus.on('subscriberBacklog', (one) => void events.push(one));
  const lags = (topic: string) => {
    const state = bus.backlog.subscriber.states().find((one) => one.topic === topic);
    if (state === undefined || !('partitions' in state)) return undefined;
    return [...state.partitions].sort((a, b) => a.partition - b.partition).map(({ lag }) => lag);
  };
  const timeOf = (topic: string) => {
    const state = bus.backlog.subscriber.states().find((one) => one.topic === topic);
    return state !== undefined && 'lagTimeMs' in state ? state.lagTimeMs : Number.NaN;
  };
  return { events, lags, timeOf };
}

/** Members learn by a heartbeat of each other, and a fetch that is under way ends before anything else does. */
const QUICK = { heartbeatInterval: '200ms', fetchMaxWait: '50ms' } as const;
const WATCHING = (maxLagThreshold: number) =>
  ({ subscriber: { backlogDetection: { enabled: true, checkInterval: '50ms', maxLagThreshold } } }) as const;

it('equals what the admin client computes on every partition: consumed, held up, halted, paused, idle', async () => {
  const { addresses } = await sharedService('kafka');
  const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
  const producer = plainKafka(addresses).producer();
  await producer.connect();
  cleanup.add(producer, (one) => one.disconnect());
  const [topic, idle, halting, paused] = [1, 2, 3, 4].map(() => uniqueName('topic')) as [
    string,
    string,
    string,
    string,
  ];
  const service = uniqueName('service');
  const topics = { [topic]: { partitions: 4 }, [idle]: { partitions: 2 }, [halting]: {}, [paused]: {} };
  const bus = cleanup.add(
    await kafkaBus(addresses, { service, common: { topics, ...WATCHING(5) }, kafka: { consumer: QUICK } }),
    (one) => one.close({ timeout: '1s' }),
  );
  const { lags, events, timeOf } = watched(bus);
  const stuck = gate();
  let handled = 0;
  await bus.subscribe(
    topic,
    async (message) => {
      if (message.position?.partition === 1 && message.position.offset === 3) await stuck.promise;
      handled++;
    },
    { concurrency: 20 },
  );
  await bus.subscribe(idle, () => {});
  await bus.subscribe(halting, () => Promise.reject(new Error('no')), { maxRetries: 0, onExhausted: 'halt' });
  const standing = await bus.subscribe(paused, () => {});
  standing.pause();
  const longAgo = Date.now() - 3_600_000;
  const began = Date.now();
  const send = (to: string, partition: number, count: number, timestamp?: number) =>
    producer.send({
      topic: to,
      messages: Array.from({ length: count }, (_, i) => ({
        partition,
        value: `${i}`,
        ...(timestamp === undefined ? {} : { timestamp: String(timestamp + i) }),
      })),
    });
  await send(topic, 0, 7);
  await send(topic, 1, 10, longAgo);
  await send(topic, 2, 25);
  await send(halting, 0, 4);
  await send(paused, 0, 9, longAgo);
  await eventually(() => handled === 41);
  const expected = { [topic]: [0, 7, 0, 0], [idle]: [0, 0], [halting]: [4], [paused]: [9] };
  for (const [name, lag] of Object.entries(expected)) {
    await eventually(
      async () => expect(await lagOf(admin, service, name)).toEqual(lag),
      `the lag of ${name}`,
    );
    await eventually(() => expect(lags(name)).toEqual(lag), `the reported lag of ${name}`);
  }
  // By the arrival of the oldest unsettled message, on whichever partition, handed over or not: not by its producer's time.
  for (const name of [topic, paused, halting]) {
    expect(timeOf(name)).toBeGreaterThan(0);
    expect(timeOf(name)).toBeLessThanOrEqual(Date.now() - began);
  }
  expect(timeOf(idle)).toBe(0);
  expect(events.some((one) => one.topic === idle)).toBe(false);
  stuck.resolve();
  standing.resume();
  const cleared = (one: string) =>
    events.filter((e) => e.topic === one && 'hasBacklog' in e && !e.hasBacklog);
  await eventually(() => cleared(topic).length === 1 && cleared(paused).length === 1);
  expect(lags(topic)).toEqual([0, 0, 0, 0]);
  expect(events.filter((one) => one.topic === paused).at(-1)).toMatchObject({
    hasBacklog: false,
    lagCount: 0,
    lagTimeMs: 0,
    consumerGroup: service,
  });
}, 60_000);

it('is not more than the log holds: without a committed position, and when its beginning has passed that', async () => {
  const { addresses } = await sharedService('kafka');
  const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
  const topic = uniqueName('topic');
  const late = uniqueName('topic');
  const service = uniqueName('service');
  const bus = cleanup.add(
    await kafkaBus(addresses, {
      service,
      common: { topics: { [topic]: {}, [late]: {} }, ...WATCHING(1_000) },
      kafka: { consumer: QUICK },
    }),
    (one) => one.close({ timeout: '1s' }),
  );
  const { lags } = watched(bus);
  const stuck = gate();
  cleanup.add(stuck, (one) => one.resolve());
  for (let sequence = 1; sequence <= 10; sequence++) {
    await bus.publishEnvelope(topic, event('order-1', sequence));
    await bus.publishEnvelope(late, event('order-1', sequence));
  }
  await lagOf(admin, service, late); // kafkajs has to know the topic.
  await admin.deleteTopicRecords({ topic: late, partitions: [{ partition: 0, offset: '4' }] });
  const handled: number[] = [];
  await bus.subscribeEnvelope<{ sequence: number }>(topic, async ({ payload }) => {
    if (payload.sequence === 1) await stuck.promise;
    handled.push(payload.sequence);
  });
  await bus.subscribe(late, () => stuck.promise);
  await eventually(() => expect([lags(topic), lags(late)]).toEqual([[10], [6]]));
  expect([await lagOf(admin, service, topic), await lagOf(admin, service, late)]).toEqual([[10], [6]]);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '8' }] });
  await eventually(() => expect(lags(topic)).toEqual([2]));
  expect(await lagOf(admin, service, topic)).toEqual([2]);
}, 60_000);

it('that cannot be asked for is an error and not a zero, until it can be asked for again', async () => {
  const broker = cleanup.add(await startService('kafka', { own: true }), (one) => one.close());
  const topic = uniqueName('topic');
  const bus = cleanup.add(
    await kafkaBus(broker.addresses, {
      common: { topics: { [topic]: {} }, ...WATCHING(2) },
      kafka: { consumer: QUICK },
    }),
    (one) => one.close({ timeout: '1s' }),
  );
  const { events, lags } = watched(bus);
  const stuck = gate();
  await bus.subscribe(topic, () => stuck.promise);
  for (let i = 0; i < 5; i++) await bus.publish(topic, `${i}`);
  await eventually(() => expect(lags(topic)).toEqual([5]));
  await broker.stop();
  await eventually(() => events.some((one) => 'error' in one && one.error !== undefined));
  expect(bus.backlog.subscriber.states()).toMatchObject([{ topic, error: expect.anything() }]);
  expect(events.some((one) => 'lagCount' in one && one.lagCount === 0)).toBe(false);
  await broker.restart();
  await eventually(() => expect(lags(topic)).toEqual([5]));
  stuck.resolve();
  await eventually(() => events.some((one) => 'hasBacklog' in one && !one.hasBacklog));
  expect(events.at(-1)).toMatchObject({ hasBacklog: false, lagCount: 0 });
}, 90_000);
