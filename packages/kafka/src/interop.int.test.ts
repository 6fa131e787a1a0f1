/** Messages exchanged with kafkajs, which knows nothing of ebus. */
import { createEnvelope, fnv1a32 } from '@ebus/core';
import { sharedService } from '@ebus/services';
import kafkajs from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { kafka } from './index.js';
import {
  Cleanup,
  committedOf,
  eventually,
  kafkaBus,
  plainAdmin,
  plainKafka,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');

const body =
  '{"event_id":"e-1","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":2,' +
  '"timestamp":"2024-05-06T07:08:09.123456789+02:00","trace_id":"t","extra":true,"payload":{"total":12.5}}';

async function bus(topic: string, partitions = 1, settings: Parameters<typeof kafkaBus>[1] = {}) {
  const common = { topics: { [topic]: { partitions } } };
  return cleanup.add(await kafkaBus(addresses, { common, ...settings }), (one) => one.close());
}

async function plainProducer(options: kafkajs.ProducerConfig = {}) {
  const producer = plainKafka(addresses).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    ...options,
  });
  await producer.connect();
  return cleanup.add(producer, (one) => one.disconnect());
}

async function read(topic: string, count: number) {
  const consumer = plainKafka(addresses).consumer({ groupId: uniqueName('plain') });
  await consumer.connect();
  cleanup.add(consumer, (one) => one.disconnect());
  await consumer.subscribe({ topic, fromBeginning: true });
  const messages: (kafkajs.KafkaMessage & { partition: number })[] = [];
  await consumer.run({
    eachMessage: async ({ message, partition }) => void messages.push({ ...message, partition }),
  });
  await eventually(() => messages.length >= count);
  return messages;
}

it('a bare JSON envelope of another producer is handled', async () => {
  const topic = uniqueName('topic');
  const app = await bus(topic);
  const seen: unknown[] = [];
  await app.subscribeEnvelope(topic, (envelope, { message }) => {
    seen.push([envelope.eventId, envelope.aggregateId, envelope.eventVersion, envelope.payload]);
    seen.push([envelope.timestamp.toISOString(), message.key, [...message.headers]]);
  });
  const producer = await plainProducer();
  await producer.send({ topic, messages: [{ value: body }] });
  await eventually(() => seen.length === 2);
  expect(seen).toEqual([
    ['e-1', 'order-1', 2, { total: 12.5 }],
    ['2024-05-06T05:08:09.123Z', undefined, []],
  ]);
});

it('key and headers of another producer arrive: order, duplicates, bytes', async () => {
  const topic = uniqueName('topic');
  const app = await bus(topic);
  const seen: unknown[] = [];
  await app.subscribe(topic, ({ key, headers, text }) => void seen.push([key, [...headers], typeof text]));
  const producer = await plainProducer();
  const headers = { tag: ['a', 'ü'], raw: Buffer.from([0xff, 0]) };
  await producer.send({ topic, messages: [{ key: 'order-7', value: 'x', headers }] });
  await eventually(() => seen.length === 1);
  const list = [
    ['tag', 'a'],
    ['tag', 'ü'],
    ['raw', new Uint8Array([0xff, 0])],
  ];
  expect(seen).toEqual([['order-7', list, 'function']]);
});

it('what ebus writes is read by kafkajs: key, body, headers', async () => {
  const topic = uniqueName('topic');
  const app = await bus(topic);
  const envelope = createEnvelope({
    aggregateId: 'order-1',
    eventType: 'OrderPlaced',
    eventVersion: 1,
    payload: { total: 1 },
    correlationId: 'Grüße',
    tenantId: 7,
  });
  await app.publishEnvelope(topic, envelope, { headers: { tag: ['a', 'b'] } });
  const [message] = await read(topic, 1);
  expect(message?.key?.toString()).toBe('order-1');
  expect(Object.keys(JSON.parse(String(message?.value)))).toEqual([
    'event_id',
    'aggregate_id',
    'event_type',
    'event_version',
    'timestamp',
    'correlation_id',
    'tenant_id',
    'payload',
  ]);
  const headers = Object.fromEntries(
    Object.entries(message?.headers ?? {}).map(([name, value]) => [name, [value].flat().map(String)]),
  );
  expect(headers).toEqual({
    'X-Event-ID': [envelope.eventId],
    'X-Aggregate-ID': ['order-1'],
    'X-Event-Version': ['1'],
    'X-Event-Type': ['OrderPlaced'],
    'X-Correlation-ID': ['Grüße'],
    'X-Tenant-ID': ['7'],
    tag: ['a', 'b'],
  });
});

describe('partitions of 1,000 keys', () => {
  const PARTITIONS = 12;
  const keys = Array.from({ length: 1_000 }, (_, i) => `order-${i * 7919}`);

  async function placed(partitioner?: 'murmur2_random'): Promise<Map<string, number>> {
    const topic = uniqueName('topic');
    const settings = partitioner === undefined ? {} : { kafka: { producer: { partitioner } } };
    const app = await bus(topic, PARTITIONS, settings);
    const receipts = await Promise.all(keys.map((key) => app.publish(topic, 'x', { key })));
    return new Map(keys.map((key, i) => [key, receipts[i]?.position?.partition ?? -1]));
  }

  it("are those of the lineage's Go producers by default", async () => {
    const found = await placed();
    for (const key of keys) {
      // As a signed number, without its sign.
      const hash = Math.abs(fnv1a32(key) | 0);
      expect(found.get(key), key).toBe(hash % PARTITIONS);
    }
  });

  it('are those of kafkajs and Java when configured', async () => {
    const found = await placed('murmur2_random');
    const topic = uniqueName('topic');
    await bus(topic, PARTITIONS);
    const producer = await plainProducer();
    await producer.send({ topic, messages: keys.map((key) => ({ key, value: 'x' })) });
    for (const { key, partition } of await read(topic, keys.length)) {
      expect(found.get(String(key)), String(key)).toBe(partition);
    }
  });
});

it('gaps between offsets, as transactions leave them, do not stall the position', async () => {
  const topic = uniqueName('topic');
  const service = uniqueName('service');
  const app = await bus(topic, 1, { service, common: { topics: { [topic]: { partitions: 1 } } } });
  const seen: string[] = [];
  await app.subscribe(topic, (message) => void seen.push(message.text()), { concurrency: 1 });
  const producer = await plainProducer({
    transactionalId: uniqueName('tx'),
    idempotent: true,
    maxInFlightRequests: 1,
  });
  for (let i = 0; i < 6; i++) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ key: 'a', value: `t${i}` }] });
    if (i % 2 === 0) await transaction.commit();
    else await transaction.abort();
  }
  const { position } = await app.publish(topic, 'last');
  await eventually(() => seen.includes('last'));
  expect(seen).toEqual(['t0', 't2', 't4', 'last']);
  expect(position?.offset).toBe(12);
  const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
  await eventually(async () => (await committedOf(admin, service, topic))[0] === 13);
});

it('kafka.native gives the clients', async () => {
  const topic = uniqueName('topic');
  const app = await bus(topic);
  await app.subscribe(topic, () => {}, { group: 'billing' });
  expect(kafka.native(app).producer).toBeUndefined();
  await app.publish(topic, 'a');
  const { producer, consumers, admin } = kafka.native(app);
  expect(producer?.isConnected()).toBe(true);
  expect(consumers.get('billing')?.assignments()).toHaveLength(1);
  expect(await admin?.listTopics()).toContain(topic);
});
