/** Publishing to JetStream: what it asks of the server, what it stores once, what it stores each time. */
import { sharedService, startService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { streamName } from './names.js';
import { Cleanup, event, eventually, natsBus, plainClient, uniqueName } from './testing/harness.js';
import { Wire } from './wire.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('nats');

it('writes the short way with the client that is installed', async () => {
  const { connection } = cleanup.add(await plainClient(addresses), (plain) => plain.connection.close());
  const [topic, received] = [uniqueName('topic'), [] as string[]];
  connection.subscribe(topic, { callback: (_, message) => void received.push(message.string()) });
  const wire = new Wire(connection);
  expect(wire.isShort).toBe(true);
  const before = connection.stats();
  wire.publish(topic, Buffer.from('one'), undefined);
  connection.publish(topic, 'two');
  wire.add(Buffer.from(topic), 'three');
  wire.flush();
  await connection.flush();
  expect(received).toEqual(['one', 'two', 'three']);
  const { outMsgs, outBytes } = connection.stats();
  expect([outMsgs - before.outMsgs, outBytes - before.outBytes]).toEqual([3, 11]);
});

it('makes no administrative request while 10,000 envelopes are published', async () => {
  // A server of its own, so that nobody else asks.
  const server = cleanup.add(await startService('nats', { own: true }), (one) => one.close());
  const topic = uniqueName('topic');
  const common = { topics: { [topic]: { persistence: 'persistent' as const } } };
  const bus = cleanup.add(await natsBus(server.addresses, { common }), (one) => one.close());
  const before = await apiRequests(server.monitoring[0] as string);
  const subjects: string[] = [];
  const { connection } = cleanup.add(await plainClient(server.addresses), (plain) =>
    plain.connection.close(),
  );
  connection.subscribe('$JS.API.>', { callback: (_, message) => void subjects.push(message.subject) });
  await connection.flush();
  const events = Array.from({ length: 10_000 }, (_, i) => event(`order-${i % 100}`, i));
  const report = await bus.publishEnvelopes(topic, events);
  expect(report).toEqual({ published: 10_000, failed: [] });
  await connection.flush();
  expect(subjects).toEqual([]);
  expect(await apiRequests(server.monitoring[0] as string)).toBe(before);
});

it('with strategy skip asks the server nothing at all', async () => {
  const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
  const topic = uniqueName('topic');
  await plain.manager.streams.add({ name: uniqueName('stream'), subjects: [topic] });
  const common = {
    topicConfigStrategy: 'skip' as const,
    topics: { [topic]: { persistence: 'persistent' as const } },
  };
  const bus = cleanup.add(await natsBus(addresses, { common }), (one) => one.close());
  const subjects: string[] = [];
  plain.connection.subscribe(`$JS.API.STREAM.>`, {
    callback: (_, message) => void subjects.push(message.string()),
  });
  await plain.connection.flush();
  await bus.publishEnvelope(topic, event('order-1', 1));
  await plain.connection.flush();
  expect(subjects.filter((text) => text.includes(topic))).toEqual([]);
  // Nor does it make what is missing.
  await expect(bus.publish(uniqueName('missing'), 'x')).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
});

it('makes the stream of a topic that nobody configured, once, and keeps the order of what was refused first', async () => {
  const topic = uniqueName('topic');
  const bus = cleanup.add(await natsBus(addresses), (one) => one.close());
  const receipts = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      bus.publish(topic, String(i), { key: 'order-1', messageId: `m${i}` }),
    ),
  );
  expect(receipts.map(({ position }) => position?.offset)).toEqual(
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
});

describe.each(['current', '2.9'])('on a %s server', async (version) => {
  const service = await sharedService('nats', { version });

  it('stores an event id once per topic, and says so', async () => {
    const topic = uniqueName('topic');
    const bus = cleanup.add(await natsBus(service.addresses), (one) => one.close());
    const envelope = { ...event('order-1', 1), eventId: 'the-same' };
    const first = await bus.publishEnvelope(topic, envelope);
    const second = await bus.publishEnvelope(topic, envelope);
    expect(first.duplicate).toBeUndefined();
    expect(second).toMatchObject({ duplicate: true, position: first.position });
    const { manager } = cleanup.add(await plainClient(service.addresses), ({ connection }) =>
      connection.close(),
    );
    expect((await manager.streams.info(streamName(topic))).state.messages).toBe(1);
  });

  it('stores an event each time that goes to two topics of one stream, is dead-lettered, and redriven', async () => {
    const prefix = uniqueName('shop').replaceAll('.', '-');
    const [orders, audit] = [`${prefix}.orders`, `${prefix}.audit`];
    const stream = { name: `${prefix}-all`, subjects: [`${prefix}.>`] };
    const settings = { nats: { jetstream: { stream } }, service: prefix };
    const bus = cleanup.add(await natsBus(service.addresses, settings), (one) => one.close());
    const envelope = { ...event('order-1', 1), eventId: 'the-same' };
    const receipts = [
      await bus.publishEnvelope(orders, envelope),
      await bus.publishEnvelope(audit, envelope),
    ];
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([undefined, undefined]);

    const attempts: string[] = [];
    let broken = true;
    await bus.subscribeEnvelope(
      orders,
      ({ eventId }) => {
        attempts.push(eventId);
        if (broken) throw new Error('broken');
      },
      { maxRetries: 0 },
    );
    const other = await bus.subscribeEnvelope(
      orders,
      () => {
        throw new Error('broken as well');
      },
      { maxRetries: 0, group: `${prefix}-other` },
    );
    await eventually(() => attempts.length === 1 && other.stats().deadLettered === 1);
    await eventually(async () => (await bus.deadLetters.list(orders)).length === 2);
    broken = false;
    const report = await bus.deadLetters.redrive(orders);
    expect(report).toEqual({ redriven: 2, left: 0, total: 2, failed: [] });
    await eventually(() => attempts.length === 2);
    await bus.idle();
    const { manager } = cleanup.add(await plainClient(service.addresses), ({ connection }) =>
      connection.close(),
    );
    const { state } = await manager.streams.info(stream.name, { subjects_filter: '>' });
    // The event and its two redrives; the audit; a dead letter of each group, and the other one's second.
    await eventually(() => other.stats().deadLettered === 2);
    expect(state.subjects?.[orders]).toBe(3);
    expect(state.subjects?.[audit]).toBe(1);
  });
});

async function apiRequests(monitoring: string): Promise<number> {
  const stats = (await (await fetch(`${monitoring}/jsz`)).json()) as { api: { total: number } };
  return stats.api.total;
}
