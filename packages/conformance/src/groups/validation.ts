/** Arguments that are refused: typed errors, always as rejections, with nothing sent. */
import assert from 'node:assert/strict';
import {
  EbusError,
  EnvelopeError,
  type EnvelopeInput,
  type EventBus,
  type JsonObject,
  type SubscribeOptions,
  TopicNameError,
} from '@ebus/core';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';
import { Wire } from '../test-kit/wire.js';

const topicNames: Record<string, string> = {
  '': 'topic name cannot be empty',
  'orders placed': 'topic name cannot contain spaces',
  ['o'.repeat(256)]: 'topic name too long (256 characters, maximum 255)',
  订单: "topic name contains non-ASCII character '订' at position 0. Kafka requires ASCII characters only (a-z, A-Z, 0-9, -, _, .). Chinese, Japanese, Korean and other Unicode characters are not allowed",
  'orders\u0007': 'topic name contains control character at position 6',
};

const operations: Record<string, (bus: EventBus, topic: string) => Promise<unknown>> = {
  publish: (bus, topic) => bus.publish(topic, 'hello'),
  publishEnvelope: (bus, topic) => bus.publishEnvelope(topic, event('order-1', 1)),
  subscribe: (bus, topic) => bus.subscribe(topic, () => {}),
  subscribeEnvelope: (bus, topic) => bus.subscribeEnvelope(topic, () => {}),
};

const good = event('order-1', 1);
const envelopes: Record<string, [input: unknown, message: string]> = {
  'a blank event id': [{ ...good, eventId: ' ' }, 'event_id is required'],
  'a blank aggregate id': [{ ...good, aggregateId: '\t' }, 'aggregate_id is required'],
  'a missing event type': [{ ...good, eventType: undefined }, 'event_type is required'],
  'version 0': [{ ...good, eventVersion: 0 }, 'event_version must be positive'],
  'version 1.5': [{ ...good, eventVersion: 1.5 }, 'event_version must be positive'],
  'no payload': [{ ...good, payload: undefined }, 'payload is required'],
  'payload null': [{ ...good, payload: null }, 'payload is required'],
  'a key that envelopes do not have': [
    { ...good, correlationID: 'x' },
    "unknown key 'correlationID' in an envelope, did you mean 'correlationId'?",
  ],
  'an aggregate id of 257 bytes': [
    { ...good, aggregateId: 'a'.repeat(257) },
    'invalid aggregate_id: aggregate_id too long (max 256 characters)',
  ],
  'an aggregate id with a space': [
    { ...good, aggregateId: 'order 1' },
    'invalid aggregate_id: aggregate_id contains invalid character:  ',
  ],
};

const cycle: { self?: unknown } = {};
cycle.self = cycle;
/** With the path of what cannot be written, below the message or the payload. */
const unwritable: Record<string, [value: unknown, path: string]> = {
  'a bigint': [{ amount: 1n }, '.amount is a bigint'],
  'a cycle': [cycle, '.self is a cycle'],
  NaN: [{ items: [1, { price: Number.NaN }] }, '.items[1].price is NaN'],
  'undefined in a list': [{ list: [undefined] }, '.list[0] is undefined'],
  bytes: [{ data: new Uint8Array([1]) }, '.data is bytes'],
  'a Map': [{ byId: new Map() }, '.byId is a Map'],
  'a function': [{ run() {} }, '.run is a function'],
};

const options: Record<string, SubscribeOptions> = {
  'concurrency 0': { concurrency: 0 },
  'concurrency 1.5': { concurrency: 1.5 },
  'a negative number of retries': { maxRetries: -1 },
  'a blank group': { group: ' ' },
  'a timeout that is no duration': { processingTimeout: '1 year' as never },
  'an unknown start position': { from: 'newest' as never },
  'an invalid date': { from: new Date(Number.NaN) },
  'an unknown way to end': { onExhausted: 'retry' as never },
  'an invalid dead-letter topic': { deadLetterTopic: 'dead letters' },
};

/** Invalid arguments reject with a typed error before anything reaches the broker. */
export const validation: Group = ({ test }) => {
  for (const [name, operation] of Object.entries(operations)) {
    test(`${name} rejects invalid topic names`, async (t) => {
      const bus = await t.bus();
      for (const [topic, reason] of Object.entries(topicNames)) {
        await assert.rejects(operation(bus, topic), (error) => {
          assert.ok(TopicNameError.isInstance(error));
          assert.equal(error.message, `invalid topic name '${topic}': ${reason}`);
          return true;
        });
      }
    });
  }

  test('publishEnvelope rejects what is no valid envelope, and sends nothing', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    for (const [what, [input, message]] of Object.entries(envelopes)) {
      await assert.rejects(bus.publishEnvelope(t.topic, input as EnvelopeInput), (error) => {
        assert.ok(EnvelopeError.isInstance(error), what);
        assert.equal(error.message, message);
        return true;
      });
    }
    assert.equal(wire.count('send', t.topic), 0);
  });

  for (const [what, [value, path]] of Object.entries(unwritable)) {
    test(`what JSON cannot carry is rejected: ${what}`, async (t) => {
      const wire = new Wire();
      const bus = await t.bus({ wire });
      await assert.rejects(bus.publish(t.topic, value as JsonObject), (error) => {
        assert.ok(EbusError.isInstance(error));
        assert.equal(error.code, 'INVALID_ARGUMENT');
        assert.ok(error.message.includes(`message${path}`), error.message);
        return true;
      });
      await assert.rejects(bus.publishEnvelope(t.topic, { ...good, payload: value }), (error) => {
        assert.ok(EnvelopeError.isInstance(error));
        assert.ok(error.message.startsWith(`payload${path}`), error.message);
        return true;
      });
      assert.equal(wire.count('send', t.topic), 0);
    });
  }

  for (const value of [undefined, null, 42, true, Symbol('no message'), () => {}]) {
    test(`publish rejects ${String(value)} as a message`, async (t) => {
      const bus = await t.bus();
      await assert.rejects(bus.publish(t.topic, value as never), (error) => {
        assert.ok(EbusError.isInstance(error));
        assert.equal(error.code, 'INVALID_ARGUMENT');
        return true;
      });
    });
  }

  test('a signal that is already aborted rejects, and nothing is sent', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const signal = AbortSignal.abort('no longer wanted');
    for (const call of [
      () => bus.publish(t.topic, 'hello', { signal }),
      () => bus.publishEnvelope(t.topic, good, { signal }),
      () => bus.subscribe(t.topic, () => {}, { signal }),
    ]) {
      await assert.rejects(call(), (error) => {
        assert.ok(EbusError.isInstance(error));
        assert.equal(error.code, 'ABORTED');
        assert.equal(error.name, 'AbortError');
        return true;
      });
    }
    assert.equal(wire.count('send', t.topic), 0);
    await bus.subscribe(t.topic, () => {});
  });

  for (const [what, invalid] of Object.entries(options)) {
    test(`subscribe rejects ${what}`, async (t) => {
      const bus = await t.bus();
      await assert.rejects(
        bus.subscribe(t.topic, () => {}, invalid),
        (error) => EbusError.isInstance(error),
      );
      // Nothing is left behind of the refused one.
      await bus.subscribe(t.topic, () => {});
    });
  }

  test('invalid headers are rejected', async (t) => {
    const bus = await t.bus();
    await assert.rejects(bus.publish(t.topic, 'hello', { headers: { ' ': 'blank name' } }), /header/);
    await assert.rejects(bus.publish(t.topic, 'hello', { headers: { count: 1 as never } }), /header 'count'/);
  });
};
