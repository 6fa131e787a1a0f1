/** Failures that trying again cannot mend, and failures of every shape JavaScript has. */
import assert from 'node:assert/strict';
import { createEnvelope, encodeEnvelope, PermanentError } from '@ebus/core';
import type { Group } from '../suite.js';
import { collectEnvelopes, labels } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';

/** Failures without a retry: `PermanentError`, unreadable bodies, and thrown values of every kind. */
export const permanentFailures: Group = ({ test }) => {
  test('a PermanentError is not retried', async (t) => {
    const bus = await t.bus();
    let attempts = 0;
    const subscription = await bus.subscribe(
      t.topic,
      () => {
        attempts++;
        throw new PermanentError('the order does not exist');
      },
      { onExhausted: 'dead-letter' },
    );
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().deadLettered === 1);
    assert.equal(attempts, 1);
    const [letter] = await t.deadLetters(bus);
    assert.equal(letter?.headers.get('X-Attempts'), '1');
    assert.equal(letter?.headers.get('X-Error-Code'), 'PERMANENT');
    assert.equal(letter?.headers.get('X-Error-Message'), 'the order does not exist');
  });

  const good = createEnvelope(event('order-1', 1));
  const unusable: Record<string, string | Uint8Array> = {
    'that is no JSON': '{"event_id":',
    'that is no UTF-8': new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]),
    'that is empty': '',
    'that is JSON but no envelope': '[1,2,3]',
    'whose aggregate id is missing': JSON.stringify({
      event_id: 'e',
      event_type: 'T',
      event_version: 1,
      payload: {},
    }),
    'whose aggregate id is not allowed': new TextDecoder()
      .decode(encodeEnvelope(good))
      .replace('"order-1"', '"order 1"'),
  };
  for (const [what, data] of Object.entries(unusable)) {
    test(`a message ${what} is dead-lettered unhandled, and later ones are handled`, async (t) => {
      const bus = await t.bus();
      const seen = collectEnvelopes();
      const subscription = await bus.subscribeEnvelope(t.topic, seen.handle, { onExhausted: 'dead-letter' });
      await bus.publish(t.topic, data, { key: 'order-1' });
      await bus.publishEnvelope(t.topic, event('order-1', 2));
      await t.eventually(() => seen.size === 1 && subscription.stats().deadLettered === 1);
      assert.deepEqual(labels(seen), ['order-1#2']);
      assert.equal(subscription.stats().retried, 0);
      const [letter] = await t.deadLetters(bus);
      assert.deepEqual([...(letter?.data ?? [])], [...Buffer.from(data as string)]);
      assert.equal(letter?.key, 'order-1');
      assert.equal(letter?.headers.get('X-Error-Code'), 'ENVELOPE_INVALID');
      assert.equal(letter?.headers.get('X-Attempts'), '1');
    });
  }

  const throwing: Record<string, () => void | Promise<void>> = {
    'throws an Error': () => {
      throw new Error('oops');
    },
    'throws after an await': async () => {
      await turns(1);
      throw new Error('oops');
    },
    'returns a rejected promise': () => Promise.reject(new Error('oops')),
    'throws a string': () => {
      throw 'oops';
    },
    'throws undefined': () => {
      throw undefined;
    },
    'rejects with null': () => Promise.reject(null),
    'throws an object whose text throws': () => {
      throw {
        toString() {
          throw new Error('no text');
        },
      };
    },
    'throws a frozen Error': () => {
      throw Object.freeze(new Error('oops'));
    },
  };
  for (const [what, handler] of Object.entries(throwing)) {
    test(`a handler that ${what} fails, is retried and dead-lettered, and rejects nowhere else`, async (t) => {
      const unhandled = await withoutUnhandledRejections(async () => {
        const bus = await t.bus();
        const subscription = await bus.subscribe(t.topic, handler, {
          maxRetries: 1,
          onExhausted: 'dead-letter',
        });
        await bus.publish(t.topic, 'hello');
        await t.eventually(() => subscription.stats().deadLettered === 1);
        assert.equal(subscription.stats().failedAttempts, 2);
      });
      assert.deepEqual(unhandled, []);
    });
  }
};

async function withoutUnhandledRejections(body: () => Promise<void>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const listener = (reason: unknown) => void seen.push(reason);
  process.on('unhandledRejection', listener);
  try {
    await body();
    await turns();
  } finally {
    process.off('unhandledRejection', listener);
  }
  return seen;
}
