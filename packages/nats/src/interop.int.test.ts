/** Messages exchanged with plain nats.js, which knows nothing of ebus. */
import { createEnvelope } from '@ebus/core';
import { sharedService } from '@ebus/services';
import { jetstream } from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { nats } from './index.js';
import { streamName } from './names.js';
import { Cleanup, eventually, natsBus, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const body =
  '{"event_id":"e-1","aggregate_id":"order-1","event_type":"OrderPlaced","event_version":2,' +
  '"timestamp":"2024-05-06T07:08:09.123456789+02:00","trace_id":"t","extra":true,"payload":{"total":12.5}}';

describe.each(['current', '2.9'])('on a %s server', async (version) => {
  const { addresses } = await sharedService('nats', { version });

  it.each(['persistent', 'ephemeral'] as const)(
    'a bare JSON envelope of another producer is handled (%s)',
    async (persistence) => {
      const topic = uniqueName('topic');
      const common = { topics: { [topic]: { persistence } } };
      const bus = cleanup.add(await natsBus(addresses, { common }), (one) => one.close());
      const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
      const seen: unknown[] = [];
      await bus.subscribeEnvelope(topic, (envelope, { message }) => {
        seen.push([
          envelope.eventId,
          envelope.aggregateId,
          envelope.eventType,
          envelope.eventVersion,
          envelope.payload,
        ]);
        seen.push([envelope.timestamp.toISOString(), message.key, [...message.headers]]);
      });
      if (persistence === 'persistent') await jetstream(plain.connection).publish(topic, body);
      else plain.connection.publish(topic, body);
      await eventually(() => seen.length === 2);
      expect(seen).toEqual([
        ['e-1', 'order-1', 'OrderPlaced', 2, { total: 12.5 }],
        ['2024-05-06T05:08:09.123Z', undefined, []],
      ]);
    },
  );

  it('headers of another producer arrive, whatever their case', async () => {
    const topic = uniqueName('topic');
    const bus = cleanup.add(await natsBus(addresses), (one) => one.close());
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const seen: unknown[] = [];
    await bus.subscribe(
      topic,
      ({ key, messageId, headers }) => void seen.push([key, messageId, [...headers]]),
    );
    const headers = natsHeaders();
    headers.append('x-aggregate-id', 'order-7');
    headers.append('tag', 'a%20b');
    headers.append('tag', 'ü');
    await jetstream(plain.connection).publish(topic, 'x', { headers, msgID: 'their-own' });
    await eventually(() => seen.length === 1);
    const list = [
      ['x-aggregate-id', 'order-7'],
      ['tag', 'a%20b'],
      ['tag', 'ü'],
    ];
    expect(seen).toEqual([['order-7', 'their-own', list]]);
  });

  it('what ebus writes is read by plain nats.js: key order, headers, id', async () => {
    const topic = uniqueName('topic');
    const bus = cleanup.add(await natsBus(addresses), (one) => one.close());
    const envelope = createEnvelope({
      aggregateId: 'order-1',
      eventType: 'OrderPlaced',
      eventVersion: 1,
      payload: { total: 1 },
      correlationId: 'Grüße',
      tenantId: 7,
    });
    await bus.publishEnvelope(topic, envelope, { headers: { tag: ['a', 'b'] } });
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const stored = await plain.manager.streams.getMessage(streamName(topic), { seq: 1 });
    const text = stored?.string() ?? '';
    expect(stored?.subject).toBe(topic);
    expect(Object.keys(JSON.parse(text))).toEqual([
      'event_id',
      'aggregate_id',
      'event_type',
      'event_version',
      'timestamp',
      'correlation_id',
      'tenant_id',
      'payload',
    ]);
    const headers = Object.fromEntries(stored?.header ?? []);
    expect(headers).toEqual({
      'Nats-Msg-Id': [`${topic}:${envelope.eventId}`],
      'X-Event-ID': [envelope.eventId],
      'X-Aggregate-ID': ['order-1'],
      'X-Event-Version': ['1'],
      'X-Event-Type': ['OrderPlaced'],
      'X-Correlation-ID': ['Gr%C3%BC%C3%9Fe'],
      'X-Tenant-ID': ['7'],
      tag: ['a', 'b'],
      'X-Ebus-Encoded': ['x-correlation-id'],
    });
  });

  it('nats.native gives the client', async () => {
    const bus = cleanup.add(await natsBus(addresses), (one) => one.close());
    const { connection, jetstreamManager } = nats.native(bus);
    expect(connection.info?.version).toMatch(/^2\./);
    expect((await jetstreamManager?.getAccountInfo())?.limits).toBeDefined();
  });
});
