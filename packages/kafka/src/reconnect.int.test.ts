/** A client that is replaced, and a broker that goes and comes back. */
import { sharedService, startService } from '@ebus/services';
import { afterEach, expect, it } from 'vitest';
import { kafka } from './index.js';
import {
  Cleanup,
  committedOf,
  event,
  eventually,
  gate,
  kafkaBus,
  plainAdmin,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

it('replacing the clients keeps positions, unsettled deliveries and pending receives', async () => {
  const { addresses } = await sharedService('kafka');
  const topic = uniqueName('topic');
  const service = uniqueName('service');
  const common = { topics: { [topic]: { partitions: 2 } } };
  const bus = cleanup.add(await kafkaBus(addresses, { service, common }), (one) => one.close());
  const stuck = gate();
  const handled: string[] = [];
  await bus.subscribeEnvelope<{ sequence: number }>(topic, async ({ aggregateId, payload }) => {
    if (aggregateId === 'slow' && payload.sequence === 0) await stuck.promise;
    handled.push(`${aggregateId} ${payload.sequence}`);
  });
  await bus.publishEnvelope(topic, event('slow', 0));
  await bus.publishEnvelope(topic, event('slow', 1));
  await bus.publishEnvelope(topic, event('quick', 0));
  await eventually(() => handled.includes('quick 0'));
  const before = kafka.native(bus);
  const consumer = before.consumers.get(service);
  let reconnected = 0;
  bus.on('reconnected', () => void reconnected++);
  await bus.connection.reconnect();
  expect(reconnected).toBe(1);
  expect(kafka.native(bus).producer).not.toBe(before.producer);
  expect(kafka.native(bus).consumers.get(service)).not.toBe(consumer);
  await bus.publishEnvelope(topic, event('quick', 1));
  await eventually(() => handled.includes('quick 1'), 'what is published afterwards is received');
  stuck.resolve();
  await eventually(() => handled.includes('slow 1'));
  expect(handled).toEqual(['quick 0', 'quick 1', 'slow 0', 'slow 1']);
  await bus.idle();
  const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
  await eventually(async () => (await committedOf(admin, service, topic)).reduce((a, b) => a + b, 0) === 4);
}, 60_000);

it('a broker that goes and comes back is reported as such, and everything goes on', async () => {
  const broker = cleanup.add(await startService('kafka', { own: true }), (one) => one.close());
  const topic = uniqueName('topic');
  const common = { topics: { [topic]: {} }, publisher: { publishTimeout: '40s' as const } };
  const bus = cleanup.add(await kafkaBus(broker.addresses, { common }), (one) => one.close());
  const handled: string[] = [];
  await bus.subscribe(topic, (message) => void handled.push(message.text()), { concurrency: 1 });
  await bus.publish(topic, 'before');
  await eventually(() => handled.length === 1);
  await broker.kill();
  await eventually(() => bus.connection.state().status === 'reconnecting');
  const publishing = bus.publish(topic, 'meanwhile');
  await broker.restart();
  await eventually(() => bus.connection.state().status === 'connected');
  await publishing;
  await bus.publish(topic, 'after');
  await eventually(() => handled.includes('after'));
  expect([...new Set(handled)]).toEqual(['before', 'meanwhile', 'after']);
}, 90_000);
