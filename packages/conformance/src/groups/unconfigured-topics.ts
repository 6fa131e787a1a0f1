/** Topics that are used without being configured: made on first use, or refused, the same everywhere. */
import assert from 'node:assert/strict';
import type { EbusError, Logger } from '@ebus/core';
import { administered, type Requirement } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages, texts } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { uniqueName } from '../test-kit/unique-name.js';

/** Topics that nobody configures are what this run is about. */
const isDefault: Requirement = ({ persistence, defaultPersistence }) =>
  persistence === defaultPersistence
    ? undefined
    : `topics are ${defaultPersistence} where that is not configured`;

function isMissing(topic: string): (error: EbusError) => boolean {
  return (error) => {
    assert.equal(error.code, 'TOPIC_NOT_FOUND');
    assert.equal(error.retryable, false);
    assert.ok(error.message.includes(topic), error.message);
    assert.match(error.message, /configure|create/);
    return true;
  };
}

/** The policy for topics without configuration, under concurrent first use. */
export const unconfiguredTopics: Group = ({ test, testWhere }) => {
  const needed = [isDefault, administered];

  test('without configuration a topic can be published and subscribed to, in order from the first message', async (t) => {
    const bus = await t.bus();
    const topic = uniqueName('topic');
    const seen: number[] = [];
    await bus.subscribeEnvelope<{ sequence: number }>(
      topic,
      ({ payload }) => void seen.push(payload.sequence),
    );
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
    await Promise.all(numbers.map((sequence) => bus.publishEnvelope(topic, event('order-1', sequence))));
    await t.eventually(() => seen.length === numbers.length);
    assert.deepEqual(seen, numbers);
  });

  testWhere(
    needed,
    'a topic is made by the first publish, and what was published at once keeps its order',
    async (t) => {
      const lines: string[] = [];
      const logger: Logger = { ...quiet, info: (...args) => void lines.push(String(args.at(-1))) };
      const bus = await t.bus({ createOptions: { logger } });
      const topic = uniqueName('topic');
      assert.equal(await bus.topics.describe(topic), undefined);
      const numbers = Array.from({ length: 50 }, (_, index) => String(index));
      await Promise.all(numbers.map((text) => bus.publish(topic, text, { key: 'a' })));
      assert.notEqual(await bus.topics.describe(topic), undefined);
      const seen = collectMessages();
      await bus.subscribe(topic, seen.handle, { from: 'earliest', concurrency: 1 });
      await t.eventually(() => seen.size === numbers.length);
      assert.deepEqual(texts(seen), numbers);
      const said = lines.filter((line) => line.includes(`'${topic}'`) && /not configured/.test(line));
      assert.equal(said.length, 1, 'it is logged once');
      assert.deepEqual([bus.topics.get(topic), bus.topics.list().includes(topic)], [{}, false]);
    },
  );

  testWhere(needed, 'two buses that use a new topic at once both can', async (t) => {
    const topic = uniqueName('topic');
    const [one, two] = await Promise.all([t.bus(), t.bus()]);
    await Promise.all([one, two].map((bus) => bus.publish(topic, 'x')));
    const seen = collectMessages();
    await one.subscribe(topic, seen.handle, { from: 'earliest' });
    await t.eventually(() => seen.size === 2);
  });

  for (const config of [
    { unconfiguredTopics: 'refuse' },
    { topicConfigStrategy: 'skip' },
    { topicConfigStrategy: 'validateOnly' },
  ] as const) {
    const [[key, value] = []] = Object.entries(config);
    testWhere(needed, `with ${key}: ${value} a topic that is missing is refused`, async (t) => {
      const bus = await t.bus({ config: { topics: {}, ...config } });
      const topic = uniqueName('topic');
      await assert.rejects(bus.publish(topic, 'x'), isMissing(topic));
      await assert.rejects(bus.publishEnvelope(topic, event('order-1', 1)), isMissing(topic));
      await assert.rejects(
        bus.subscribe(topic, () => {}),
        isMissing(topic),
      );
      assert.equal(await bus.topics.describe(topic), undefined);
    });

    testWhere(needed, `with ${key}: ${value} a topic that is there can be used`, async (t) => {
      const topic = uniqueName('topic');
      await (await t.bus()).topics.configure(topic, {});
      const bus = await t.bus({ config });
      const seen = collectMessages();
      await bus.subscribe(topic, seen.handle);
      await bus.publish(topic, 'x');
      await t.eventually(() => seen.size === 1);
    });
  }

  testWhere(needed, "a topic that 'refuse' refused can be used once it is configured", async (t) => {
    const bus = await t.bus({ config: { unconfiguredTopics: 'refuse' } });
    const topic = uniqueName('topic');
    await assert.rejects(bus.publish(topic, 'x'), isMissing(topic));
    await bus.topics.configure(topic, {});
    const seen = collectMessages();
    await bus.subscribe(topic, seen.handle, { from: 'earliest' });
    await bus.publish(topic, 'y');
    await t.eventually(() => seen.size === 1);
  });

  testWhere(needed, "dead-letter topics are made with 'refuse', too", async (t) => {
    const bus = await t.bus({ config: { unconfiguredTopics: 'refuse' } });
    await bus.subscribe(t.topic, () => Promise.reject(new Error('no')), { maxRetries: 0 });
    await bus.publish(t.topic, 'x');
    await t.eventually(async () => (await bus.topics.describe(`${t.topic}.dlq`)) !== undefined);
    assert.equal((await t.deadLetters(bus)).length, 1);
  });
};

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
