/** Publishing: what is accepted, what a receipt means, and whose the bytes are. */
import assert from 'node:assert/strict';
import { createEnvelope, EbusError, type JsonObject } from '@ebus/core';
import { compareOffsets } from '@ebus/core/driver';
import { declares, replay } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectEnvelopes, collectMessages, labels, texts } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { to, Wire } from '../test-kit/wire.js';

/** A resolved publish means an acknowledged message that arrives as it was given. */
export const publishing: Group = ({ test, testWhere }) => {
  test('a receipt names the topic, and where it has a position, the one the message arrives with', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    const receipt = await bus.publish(t.topic, 'hello', { key: 'order-1' });
    await t.eventually(() => seen.size === 1);
    assert.equal(receipt.topic, t.topic);
    assert.equal(seen.items[0]?.topic, t.topic);
    if (receipt.position === undefined) return;
    // A receipt may not know which incarnation of its log it is.
    const { incarnation, ...place } = seen.items[0]?.position ?? {};
    assert.deepEqual({ incarnation, ...receipt.position }, { incarnation, ...place });
  });

  test('a publish resolves only after the transport acknowledged it', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const release = wire.hold(to(t.topic));
    let resolved = false;
    const publish = bus.publishEnvelope(t.topic, event('order-1', 1)).then(() => {
      resolved = true;
    });
    await t.eventually(() => wire.count('send', t.topic) === 1);
    await turns();
    assert.equal(resolved, false);
    release();
    await publish;
    assert.equal(wire.count('acknowledged', t.topic), 1);
  });

  testWhere([declares('acknowledged'), replay], 'what was acknowledged is kept by the broker', async (t) => {
    const publisher = await t.bus();
    for (const text of ['1', '2', '3']) await publisher.publish(t.topic, text, { key: 'order-1' });
    await publisher.close({ timeout: 0 });
    const seen = collectMessages();
    await (await t.bus()).subscribe(t.topic, seen.handle, { from: 'earliest', concurrency: 1 });
    await t.eventually(() => seen.size === 3);
    assert.deepEqual(texts(seen), ['1', '2', '3']);
  });

  test('positions of one key rise in the order of publishing', async (t) => {
    const bus = await t.bus();
    const receipts = [];
    for (let i = 0; i < 5; i++) receipts.push(await bus.publish(t.topic, `${i}`, { key: 'order-1' }));
    const offsets = receipts.flatMap(({ position }) => (position === undefined ? [] : [position.offset]));
    assert.deepEqual(offsets, [...new Set(offsets)].sort(compareOffsets));
  });

  test('text, bytes, objects and arrays arrive as they were published', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const key = 'order-1';
    await bus.publish(t.topic, 'grüße, 世界 🌍', { key });
    await bus.publish(t.topic, bytes, { key });
    await bus.publish(t.topic, { order: 1, lines: [{ sku: 'a' }] }, { key });
    await bus.publish(t.topic, [1, 'two', null], { key });
    await t.eventually(() => seen.size === 4);
    const [text, binary, object, array] = seen.items;
    assert.equal(text?.text(), 'grüße, 世界 🌍');
    assert.deepEqual([...(binary?.data ?? [])], [...bytes]);
    assert.deepEqual(object?.json(), { order: 1, lines: [{ sku: 'a' }] });
    assert.deepEqual(array?.json(), [1, 'two', null]);
  });

  test('an empty message is a message', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    await bus.publish(t.topic, '', { key: 'order-1' });
    await bus.publish(t.topic, new Uint8Array(0), { key: 'order-1' });
    await t.eventually(() => seen.size === 2);
    assert.deepEqual(
      seen.items.map((message) => message.data.byteLength),
      [0, 0],
    );
  });

  test('the key arrives with the message, and none where none was given', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    await bus.publish(t.topic, 'with', { key: 'order/1: ü' });
    await bus.publish(t.topic, 'without');
    await t.eventually(() => seen.size === 2);
    const keys = new Map(seen.items.map((message) => [message.text(), message.key]));
    assert.deepEqual(
      keys,
      new Map([
        ['with', 'order/1: ü'],
        ['without', undefined],
      ]),
    );
  });

  test('publishes of one key arrive in call order, awaited or not', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    const sent = Array.from({ length: 200 }, (_, i) => String(i));
    await Promise.all(sent.map((text) => bus.publish(t.topic, text, { key: 'order-1' })));
    await t.eventually(() => seen.size === sent.length);
    assert.deepEqual(texts(seen), sent);
  });

  test('the caller may reuse buffers once the promise resolved', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    const subscription = await bus.subscribe(t.topic, seen.handle);
    subscription.pause();
    const data = new Uint8Array(1024).fill(7);
    const header = new Uint8Array(16).fill(8);
    await bus.publish(t.topic, data, { headers: { binary: header } });
    data.fill(0);
    header.fill(0);
    subscription.resume();
    await t.eventually(() => seen.size === 1);
    assert.deepEqual([...(seen.items[0]?.data ?? [])], Array(1024).fill(7));
    assert.deepEqual([...(seen.items[0]?.headers.getBytes('binary') ?? [])], Array(16).fill(8));
  });

  test('publish refuses an envelope and names publishEnvelope', async (t) => {
    const bus = await t.bus();
    const envelope = createEnvelope(event('order-1', 1)) as unknown as JsonObject;
    await assert.rejects(bus.publish(t.topic, envelope), (error) => {
      assert.ok(EbusError.isInstance(error));
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.match(error.message, /publishEnvelope/);
      return true;
    });
  });

  test('an envelope arrives with every field', async (t) => {
    const bus = await t.bus();
    const seen = collectEnvelopes();
    await bus.subscribeEnvelope(t.topic, seen.handle);
    const envelope = createEnvelope({
      ...event('order-1', 1),
      timestamp: new Date('2024-02-29T12:34:56.789Z'),
      traceId: '0af7651916cd43dd8448eb211c80319c',
      correlationId: 'checkout-7',
      tenantId: 42,
    });
    await bus.publishEnvelope(t.topic, envelope);
    await t.eventually(() => seen.size === 1);
    assert.deepEqual({ ...seen.items[0] }, { ...envelope });
  });

  test('an envelope is read from its body alone, as other producers write it', async (t) => {
    const bus = await t.bus();
    const seen = collectEnvelopes();
    await bus.subscribeEnvelope(t.topic, seen.handle);
    const body = {
      event_id: '0190a5a0-0000-7000-8000-000000000001',
      aggregate_id: 'order-1',
      event_type: 'OrderChanged',
      event_version: 3,
      timestamp: '2024-02-29T13:34:56.123456789+01:00',
      payload: { sequence: 1 },
      unknown_field: true,
    };
    await bus.publish(t.topic, body);
    await t.eventually(() => seen.size === 1);
    assert.deepEqual(labels(seen), ['order-1#1']);
    assert.equal(seen.items[0]?.eventVersion, 3);
    assert.equal(seen.items[0]?.timestamp.toISOString(), '2024-02-29T12:34:56.123Z');
  });

  test('flush resolves once everything published so far was acknowledged', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const settled: string[] = [];
    const release = wire.hold(to(t.topic));
    const publishes = ['1', '2', '3'].map((text) =>
      bus.publish(t.topic, text).then(() => settled.push(text)),
    );
    let isFlushed = false;
    const flushed = bus.flush().then(() => {
      isFlushed = true;
    });
    await turns(3);
    assert.equal(isFlushed, false);
    release();
    await flushed;
    assert.equal(wire.count('acknowledged', t.topic), 3);
    await Promise.all(publishes);
    assert.deepEqual(settled.sort(), ['1', '2', '3']);
  });

  testWhere(declares('dedupe'), 'a second publish of one message id is stored once', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle, { concurrency: 1 });
    const first = await bus.publish(t.topic, 'once', { key: 'order-1', messageId: 'id-1' });
    const second = await bus.publish(t.topic, 'again', { key: 'order-1', messageId: 'id-1' });
    await bus.publish(t.topic, 'last', { key: 'order-1', messageId: 'id-2' });
    await t.eventually(() => texts(seen).includes('last'));
    assert.deepEqual(texts(seen), ['once', 'last']);
    assert.notEqual(first.duplicate, true);
    assert.equal(second.duplicate, true);
  });

  test('headers that control ebus or the broker are refused, and nothing is sent', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    for (const name of [
      'X-Redrive-Group',
      'x-original-topic',
      'X-Error-Code',
      'Nats-Msg-Id',
      'nats-rollup',
    ]) {
      const refused = (error: unknown) =>
        EbusError.isInstance(error) && error.code === 'INVALID_ARGUMENT' && error.message.includes(name);
      await assert.rejects(bus.publish(t.topic, 'x', { headers: { [name]: '1' } }), refused);
      await assert.rejects(
        bus.publishEnvelope(t.topic, event('order-1', 1), { headers: { [name]: '1' } }),
        refused,
      );
    }
    assert.equal(wire.count('send', t.topic), 0);
  });

  test('the headers of a received message can be passed on', async (t) => {
    const other = t.newTopic();
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(other, seen.handle);
    await bus.subscribe(t.topic, async ({ data, headers }) => {
      await bus.publish(other, data, { headers });
    });
    await bus.publish(t.topic, 'hello', { headers: [['tag', 'a'] as const, ['tag', 'b'] as const] });
    await t.eventually(() => seen.size === 1);
    assert.deepEqual(seen.items[0]?.headers.getAll('tag'), ['a', 'b']);
  });

  testWhere(declares('dedupe'), 'one message id in two topics is two messages', async (t) => {
    const other = t.newTopic();
    const bus = await t.bus();
    const receipts = [];
    for (const topic of [t.topic, other]) receipts.push(await bus.publish(topic, 'x', { messageId: 'id-1' }));
    assert.deepEqual(
      receipts.map(({ duplicate }) => duplicate === true),
      [false, false],
    );
  });

  test('an event published to two topics reaches both', async (t) => {
    const other = t.newTopic();
    const bus = await t.bus();
    const [here, there] = [collectEnvelopes(), collectEnvelopes()];
    await bus.subscribeEnvelope(t.topic, here.handle);
    await bus.subscribeEnvelope(other, there.handle);
    const envelope = createEnvelope(event('order-1', 1));
    await bus.publishEnvelope(t.topic, envelope);
    await bus.publishEnvelope(other, envelope);
    await t.eventually(() => here.size === 1 && there.size === 1);
    assert.equal(here.items[0]?.eventId, there.items[0]?.eventId);
  });

  test('no more publishes are unacknowledged at once than maxInFlight allows', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire, config: { publisher: { maxInFlight: 2 } } });
    const release = wire.hold(to(t.topic));
    const publishes = ['1', '2', '3', '4'].map((text) => bus.publish(t.topic, text));
    await t.eventually(() => wire.count('send', t.topic) === 2);
    await turns();
    assert.equal(wire.count('send', t.topic), 2);
    release();
    await Promise.all(publishes);
    assert.equal(wire.count('acknowledged', t.topic), 4);
  });
};
