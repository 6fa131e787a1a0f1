/** Headers on the way: order, duplicates, bytes and letters of every kind. */
import assert from 'node:assert/strict';
import { createEnvelope, type HeadersInput, type MessageHeaders } from '@ebus/core';
import { type HeaderValue, headerBytes } from '@ebus/core/driver';
import type { Group } from '../suite.js';
import { collectMessages } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import type { Scenario } from '../test-kit/scenario.js';

const sent: [string, HeaderValue][] = [
  ['b', 'first'],
  ['A', 'second'],
  ['b', 'third'],
  ['b', 'first'],
  ['c', ''],
];

/** Headers arrive with order, duplicates and bytes unchanged. */
export const headers: Group = ({ test }) => {
  test('duplicates keep order and count', async (t) => {
    const received = await roundTrip(t, sent);
    assert.deepEqual(received.getAll('b'), ['first', 'third', 'first']);
    assert.deepEqual(received.getAll('A'), ['second']);
    assert.deepEqual(received.getAll('c'), ['']);
    assert.deepEqual(only(received, sent), bytesOf(sent));
  });

  test('names are compared without regard to case', async (t) => {
    const received = await roundTrip(t, { 'Content-Type': 'text/plain' });
    assert.equal(received.get('content-type'), 'text/plain');
    assert.equal(received.get('CONTENT-TYPE'), 'text/plain');
    assert.ok(received.has('content-Type'));
    assert.equal(received.get('content'), undefined);
  });

  test('a record of values and lists of values is accepted', async (t) => {
    const received = await roundTrip(t, { one: '1', many: ['a', 'b'] });
    assert.equal(received.get('one'), '1');
    assert.deepEqual(received.getAll('many'), ['a', 'b']);
  });

  const values: Record<string, HeaderValue> = {
    'bytes of every value': Uint8Array.from({ length: 256 }, (_, i) => i),
    'no bytes': new Uint8Array(0),
    umlauts: 'Grüße aus Köln',
    emoji: '🚪🌍 e\u0301',
    'leading and trailing white space': '  padded\t ',
    'line breaks': 'one\r\ntwo\n',
    'percent signs and equals': 'a%20b=c%',
    'control characters': 'nul\u0000 bell\u0007',
    'ten thousand letters': 'x'.repeat(10_000),
  };
  for (const [what, value] of Object.entries(values)) {
    test(`a value with ${what} arrives unchanged`, async (t) => {
      const received = await roundTrip(t, [
        ['value', value],
        ['after', 'ok'],
      ]);
      const arrived = received.getBytes('value');
      assert.deepEqual([...(arrived ?? [])], [...headerBytes(value)]);
      assert.equal(received.get('after'), 'ok');
    });
  }

  test('an envelope names itself in headers, beside those of the caller', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    const envelope = createEnvelope({
      ...event('order-1', 1),
      traceId: '0af7651916cd43dd8448eb211c80319c',
      correlationId: 'checkout-7',
      tenantId: 42,
    });
    await bus.publishEnvelope(t.topic, envelope, { headers: { own: ['1', '2'] } });
    await t.eventually(() => seen.size === 1);
    const received = seen.items[0]?.headers;
    const expected = {
      'X-Event-ID': envelope.eventId,
      'X-Aggregate-ID': 'order-1',
      'X-Event-Version': '1',
      'X-Event-Type': 'OrderChanged',
      'X-Trace-ID': '0af7651916cd43dd8448eb211c80319c',
      'X-Correlation-ID': 'checkout-7',
      'X-Tenant-ID': '42',
    };
    const actual = Object.fromEntries(Object.keys(expected).map((name) => [name, received?.get(name)]));
    assert.deepEqual(actual, expected);
    assert.deepEqual(received?.getAll('own'), ['1', '2']);
    assert.equal(seen.items[0]?.key, 'order-1');
  });
};

async function roundTrip(t: Scenario, input: HeadersInput): Promise<MessageHeaders> {
  const bus = await t.bus();
  const seen = collectMessages();
  await bus.subscribe(t.topic, seen.handle);
  await bus.publish(t.topic, 'hello', { headers: input });
  await t.eventually(() => seen.size === 1);
  return seen.items[0]?.headers as MessageHeaders;
}

/** The headers that were sent; what transports add is not compared. */
function only(received: MessageHeaders, expected: readonly (readonly [string, HeaderValue])[]) {
  const names = new Set(expected.map(([name]) => name));
  return bytesOf([...received].filter(([name]) => names.has(name)));
}

function bytesOf(list: readonly (readonly [string, HeaderValue])[]): [string, number[]][] {
  return list.map(([name, value]) => [name, [...headerBytes(value)]]);
}
