/** `bus.inspect`: topics, groups and messages as they are on the broker, and nothing of it changed by looking. */
import assert from 'node:assert/strict';
import { EbusError, type EventBus, type Message } from '@ebus/core';
import { inspecting } from '../requirements.js';
import type { Group } from '../suite.js';
import { uniqueName } from '../test-kit/unique-name.js';

/** Everything is written with one key, so that it is in one partition and has one order. */
const KEY = 'order-1';

async function publish(bus: EventBus, topic: string, ...texts: string[]): Promise<void> {
  for (const text of texts) await bus.publish(topic, text, { key: KEY });
}

async function textsOf(messages: AsyncIterable<Message>): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of messages) texts.push(message.text());
  return texts;
}

const notFound = (error: unknown) => EbusError.isInstance(error) && error.code === 'TOPIC_NOT_FOUND';

/** The broker's topics and groups are shown as they are, and any message of a topic can be looked at without a trace. */
export const inspect: Group = ({ testWhere, prove }) => {
  testWhere(
    inspecting,
    'shows topics with their settings and counts, and no topic that is not there',
    async (t) => {
      const bus = await t.bus();
      await publish(bus, t.topic, 'a', 'b', 'c');
      const found = (await bus.inspect.topics()).find(({ name }) => name === t.topic);
      assert.equal(found?.messages, 3);
      assert.deepEqual(await bus.inspect.topic(t.topic), found);
      const { messages: _, bytes: __, newestAt: ___, logs, ...settings } = found;
      assert.deepEqual(settings, await bus.topics.describe(t.topic));
      const [log] = logs.filter(({ first, next }) => next !== first);
      assert.equal(Number(log?.next) - Number(log?.first), 3);
      assert.equal(await bus.inspect.topic(uniqueName('topic')), undefined);
      await assert.rejects(bus.inspect.groups(uniqueName('topic')), notFound);
      await assert.rejects(textsOf(bus.inspect.browse(uniqueName('topic'))), notFound);
    },
  );

  testWhere(inspecting, 'shows the groups of a topic, with and without members, and their lag', async (t) => {
    const bus = await t.bus();
    const stuck = t.gate();
    const [slow, gone] = [`${t.service}-slow`, `${t.service}-gone`];
    const left = await bus.subscribe(t.topic, () => {}, { group: gone });
    await publish(bus, t.topic, 'a');
    await bus.subscribe(t.topic, () => stuck.promise, { group: slow, concurrency: 1 });
    await t.eventually(() => left.stats().handled === 1);
    await left.close();
    await publish(bus, t.topic, 'b', 'c');
    await t.eventually(async () => {
      const groups = await bus.inspect.groups(t.topic);
      const lags = groups.map(({ group, lag }) => [group, lag]);
      assert.deepEqual(lags, [
        [gone, 2],
        [slow, 3],
      ]);
    }, 'both groups, with their lag');
    const other = await t.bus();
    assert.deepEqual(
      (await other.inspect.groups(t.topic)).map(({ group }) => group),
      [gone, slow],
    );
  });

  testWhere(
    inspecting,
    'shows messages from the beginning, a position, a time, a group or so many before the end',
    async (t) => {
      const bus = await t.bus();
      const subscription = await bus.subscribe(t.topic, () => {});
      await publish(bus, t.topic, 'a', 'b');
      await t.eventually(() => subscription.stats().handled === 2);
      await subscription.close();
      // The broker's clock decides, and it ticks by the millisecond.
      const [first] = await collect(bus.inspect.browse(t.topic, { limit: 1 }));
      await publish(bus, t.topic, 'c');
      const all = await collect(bus.inspect.browse(t.topic));
      assert.deepEqual(
        all.map((message) => message.text()),
        ['a', 'b', 'c'],
      );
      const [, second, third] = all;
      assert.ok(first?.position && second?.position && third?.timestamp);
      const { position } = second;
      assert.deepEqual(await textsOf(bus.inspect.browse(t.topic, { from: position })), ['b', 'c']);
      assert.deepEqual(await textsOf(bus.inspect.browse(t.topic, { from: { last: 1 } })), ['c']);
      assert.deepEqual(await textsOf(bus.inspect.browse(t.topic, { from: 'latest' })), []);
      assert.deepEqual(await textsOf(bus.inspect.browse(t.topic, { from: { group: t.service } })), ['c']);
      const since = await textsOf(bus.inspect.browse(t.topic, { from: third.timestamp }));
      assert.equal(since.at(-1), 'c');
      const later = new Date(third.timestamp.getTime() + 60_000);
      assert.deepEqual(await textsOf(bus.inspect.browse(t.topic, { from: later })), []);
    },
  );

  testWhere(
    inspecting,
    'tells of the broker and who may publish and consume, and publishes and joins nothing for it',
    async (t) => {
      const bus = await t.bus();
      await publish(bus, t.topic, 'a');
      assert.ok(Number((await bus.inspect.broker()).brokers) >= 1);
      assert.equal(await bus.inspect.mayPublish(t.topic), true);
      await assert.rejects(bus.inspect.mayPublish(uniqueName('topic')), notFound);
      assert.deepEqual(await bus.inspect.missingRights(t.topic, t.service), []);
      await assert.rejects(bus.inspect.missingRights(uniqueName('topic'), t.service), notFound);
      assert.deepEqual(await bus.inspect.groups(t.topic), []);
      assert.deepEqual(await textsOf(bus.inspect.browse(t.topic)), ['a']);
    },
  );

  testWhere(inspecting, 'shows the messages of one key alone', async (t) => {
    const bus = await t.bus();
    for (const key of ['a', 'b', 'a', 'c']) await bus.publish(t.topic, `of ${key}`, { key });
    assert.deepEqual(await textsOf(bus.inspect.browse(t.topic, { key: 'a' })), ['of a', 'of a']);
  });

  testWhere(inspecting, 'goes on with messages as they come, each once', async (t) => {
    const bus = await t.bus();
    await publish(bus, t.topic, 'before');
    const seen: string[] = [];
    const ending = new AbortController();
    const tailing = (async () => {
      for await (const message of bus.inspect.tail(t.topic, { from: { last: 1 }, signal: ending.signal }))
        seen.push(message.text());
    })();
    tailing.catch(() => {});
    await t.eventually(() => seen.length === 1, 'the message before');
    await publish(bus, t.topic, 'a');
    await t.eventually(() => seen.length === 2, 'the first that comes');
    await publish(bus, t.topic, 'b');
    await t.eventually(() => seen.length === 3, 'the second that comes');
    ending.abort();
    await assert.rejects(tailing, (error) => EbusError.isInstance(error) && error.code === 'ABORTED');
    assert.deepEqual(seen, ['before', 'a', 'b']);
    assert.deepEqual(await textsOf(bus.inspect.tail(t.topic, { from: 'earliest', limit: 2 })), [
      'before',
      'a',
    ]);
  });

  testWhere(inspecting, 'takes nothing from a group', async (t) => {
    const bus = await t.bus();
    await publish(bus, t.topic, 'a', 'b', 'c');
    for (const from of ['earliest', { group: t.service }] as const)
      assert.equal((await textsOf(bus.inspect.browse(t.topic, { from }))).length, 3);
    const taken: string[] = [];
    await bus.subscribe(t.topic, (message) => void taken.push(message.text()), {
      concurrency: 1,
      from: 'earliest',
    });
    await t.eventually(() => taken.length === 3);
    assert.deepEqual(taken, ['a', 'b', 'c']);
  });

  prove(['log.readers'], inspecting, 'leaves nothing behind, however it ends', async (t) => {
    const bus = await t.bus();
    await publish(bus, t.topic, ...Array.from({ length: 10 }, (_, i) => String(i)));
    const before = await t.log.readers(t.topic);
    await textsOf(bus.inspect.browse(t.topic));
    await textsOf(bus.inspect.browse(t.topic, { from: { group: t.service } }));
    await textsOf(bus.inspect.tail(t.topic, { from: 'earliest', limit: 3 }));
    for await (const _ of bus.inspect.browse(t.topic)) break;
    await bus.inspect.groups(t.topic);
    await t.eventually(async () => assert.deepEqual(await t.log.readers(t.topic), before));
  });
};

async function collect(messages: AsyncIterable<Message>): Promise<Message[]> {
  const all: Message[] = [];
  for await (const message of messages) all.push(message);
  return all;
}
