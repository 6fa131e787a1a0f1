/** Large messages and many topics. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { EbusError } from '@ebus/core';
import { messageBytes, messageLimit } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectEnvelopes, collectMessages } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';

const MEGABYTE = 1_000_000;
const TOPICS = 200;

/** Messages up to the limit arrive, larger ones are refused; one bus serves many topics. */
export const sizes: Group = ({ test, testWhere, capabilities }) => {
  testWhere(messageBytes(MEGABYTE), 'messages of 1 MB arrive unchanged', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    const sent = Array.from({ length: 5 }, () => randomBytes(MEGABYTE));
    await Promise.all(sent.map((data) => bus.publish(t.topic, data)));
    await t.eventually(() => seen.size === sent.length);
    assert.deepEqual(seen.items.map(({ data }) => digest(data)).sort(), sent.map(digest).sort());
  });

  testWhere(messageBytes(MEGABYTE), 'so do envelopes of 1 MB', async (t) => {
    const bus = await t.bus();
    const seen = collectEnvelopes();
    await bus.subscribeEnvelope(t.topic, seen.handle);
    const note = randomBytes(MEGABYTE / 2 - 1_000).toString('hex');
    await bus.publishEnvelope(t.topic, { ...event('order-1', 1), payload: { sequence: 1, note } });
    await t.eventually(() => seen.size === 1);
    assert.deepEqual(seen.items[0]?.payload, { sequence: 1, note });
  });

  testWhere(messageLimit, 'a message past the limit is refused, and later ones are sent', async (t) => {
    const bus = await t.bus();
    const seen = collectMessages();
    await bus.subscribe(t.topic, seen.handle);
    const tooLarge = new Uint8Array((capabilities.maxMessageBytes ?? 0) + 1);
    await assert.rejects(bus.publish(t.topic, tooLarge), (error) => {
      assert.ok(EbusError.isInstance(error));
      assert.equal(error.code, 'MESSAGE_TOO_LARGE');
      assert.equal(error.retryable, false);
      return true;
    });
    await bus.publish(t.topic, 'small');
    await t.eventually(() => seen.size === 1);
    assert.equal(seen.items[0]?.text(), 'small');
  });

  test(`${TOPICS} topics on one bus each get their own messages`, async (t) => {
    const topics = Array.from({ length: TOPICS }, () => t.newTopic());
    const bus = await t.bus();
    const received = new Map<string, string[]>();
    await Promise.all(
      topics.map((topic) =>
        bus.subscribe(topic, (message) => {
          assert.equal(message.topic, topic);
          received.set(topic, [...(received.get(topic) ?? []), message.text()]);
        }),
      ),
    );
    await Promise.all(topics.map((topic) => bus.publish(topic, `for ${topic}`)));
    await t.eventually(() => received.size === TOPICS);
    await bus.idle();
    assert.deepEqual(received, new Map(topics.map((topic) => [topic, [`for ${topic}`]])));
  });
};

const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
