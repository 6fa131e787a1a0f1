/** Exhausted messages: unchanged and acknowledged in the dead-letter topic before the original is settled. */
import assert from 'node:assert/strict';
import { EbusError, type Message, PublishError } from '@ebus/core';
import { formatPosition, type HeaderValue, headerBytes } from '@ebus/core/driver';
import { ordering } from '../requirements.js';
import type { Group } from '../suite.js';
import { labelOf } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { turns } from '../test-kit/eventually.js';
import { to, Wire } from '../test-kit/wire.js';

const failing = () => {
  throw new Error('stock is gone');
};
const deadLetter = { maxRetries: 0, onExhausted: 'dead-letter' } as const;

/** A dead letter is a faithful copy, and the broker has acknowledged it before the original is settled. */
export const deadLetters: Group = ({ test, testWhere, persistence }) => {
  test('key, value and headers arrive in the dead-letter topic byte for byte', async (t) => {
    const bus = await t.bus();
    const originals: Message[] = [];
    const subscription = await bus.subscribe(
      t.topic,
      (message) => {
        originals.push(message);
        failing();
      },
      deadLetter,
    );
    const value = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
    const headers: [string, HeaderValue][] = [
      ['tag', 'one'],
      ['Trace', 'tür 🚪'],
      ['tag', 'two'],
      ['raw', new Uint8Array([0, 255, 10, 13, 128])],
      ['tag', 'one'],
      ['empty', ''],
    ];
    await bus.publish(t.topic, value, { key: 'order-1', headers });
    await t.eventually(() => subscription.stats().deadLettered === 1);
    const [letter] = await t.deadLetters(bus);
    assert.ok(letter);
    assert.equal(letter.key, 'order-1');
    assert.deepEqual([...letter.data], [...value]);
    assert.deepEqual(asBytes(letter, headers), asBytes({ headers }, headers));
    assert.deepEqual(asBytes(originals[0] as Message, headers), asBytes({ headers }, headers));
  });

  test('a message without a key has none in the dead-letter topic', async (t) => {
    const bus = await t.bus();
    const subscription = await bus.subscribe(t.topic, failing, deadLetter);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().deadLettered === 1);
    const [letter] = await t.deadLetters(bus);
    assert.equal(letter?.key, undefined);
  });

  test('headers say where it comes from, who failed, how often and why', async (t) => {
    const bus = await t.bus();
    let original: Message | undefined;
    const subscription = await bus.subscribeEnvelope(
      t.topic,
      (_, { message }) => {
        original = message;
        failing();
      },
      { ...deadLetter, maxRetries: 2 },
    );
    const before = Date.now();
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    await t.eventually(() => subscription.stats().deadLettered === 1);
    const [letter] = await t.deadLetters(bus);
    const headers = letter?.headers;
    assert.equal(headers?.get('X-Original-Topic'), t.topic);
    assert.equal(headers?.get('X-Consumer-Group'), subscription.group);
    assert.equal(headers?.get('X-Error-Message'), 'stock is gone');
    assert.equal(headers?.get('X-Error-Code'), 'HANDLER_FAILED');
    assert.equal(headers?.get('X-Attempts'), '3');
    const position = original?.position;
    assert.equal(headers?.get('X-Original-Position'), position && formatPosition(position));
    const timestamp = headers?.get('X-Timestamp') ?? '';
    assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
    assert.ok(Date.parse(timestamp) >= before - 1000 && Date.parse(timestamp) <= Date.now() + 1000);
    assert.equal(letter?.key, original?.key);
    assert.deepEqual([...(letter?.data ?? [])], [...(original?.data ?? [1])]);
  });

  test('the original is settled only after the dead letter was acknowledged', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const subscription = await bus.subscribe(t.topic, failing, deadLetter);
    const release = wire.hold(to(`${t.topic}.dlq`));
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => wire.count('send', `${t.topic}.dlq`) === 1);
    await turns();
    assert.equal(wire.count('settle', t.topic), 0);
    assert.equal(subscription.stats().inFlight, 1);
    assert.equal(subscription.stats().deadLettered, 0);
    release();
    await t.eventually(() => wire.count('settle', t.topic) === 1);
    // The original's own acknowledgement may come before or after it was given to the subscription.
    const lines = wire.lines().filter((line) => line !== `acknowledged ${t.topic}`);
    assert.deepEqual(lines.slice(-3), [
      `send ${t.topic}.dlq`,
      `acknowledged ${t.topic}.dlq`,
      `dead-lettered ${t.topic}`,
    ]);
  });

  testWhere(ordering, "the aggregate's later events wait for the dead letter, others do not", async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const handled: string[] = [];
    const handler = (envelope: Parameters<typeof labelOf>[0]) => {
      if (labelOf(envelope) === 'failing#1') failing();
      handled.push(labelOf(envelope));
    };
    await bus.subscribeEnvelope(t.topic, handler, { ...deadLetter, concurrency: 1 });
    const release = wire.hold(to(`${t.topic}.dlq`));
    await bus.publishEnvelope(t.topic, event('failing', 1));
    await bus.publishEnvelope(t.topic, event('failing', 2));
    await t.eventually(() => wire.count('send', `${t.topic}.dlq`) === 1);
    await bus.publishEnvelope(t.topic, event('other', 1));
    await t.eventually(() => handled.length === 1);
    assert.deepEqual(handled, ['other#1']);
    release();
    await t.eventually(() => handled.length === 2);
    assert.deepEqual(handled, ['other#1', 'failing#2']);
  });

  test('a dead letter that cannot be published is tried again, and the message held meanwhile', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const subscription = await bus.subscribe(t.topic, failing, deadLetter);
    const refusal = new PublishError('refused for the test', { retryable: false });
    wire.fail(to(`${t.topic}.dlq`), refusal, 2);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => wire.count('settle', t.topic) === 1);
    assert.deepEqual(wire.lines().slice(-2), [`acknowledged ${t.topic}.dlq`, `dead-lettered ${t.topic}`]);
    assert.equal(subscription.stats().deadLettered, 1);
    const letters = await t.deadLetters(bus);
    assert.deepEqual(
      letters.map((letter) => letter.text()),
      ['hello'],
    );
  });

  test('topics that share a dead-letter topic lose none of their letters', async (t) => {
    const topics = [t.topic, t.newTopic(), t.newTopic()];
    const shared = t.newTopic('persistent');
    const bus = await t.bus({ config: { subscriber: { errorHandling: { deadLetterTopic: shared } } } });
    for (const topic of topics) await bus.subscribe(topic, failing, deadLetter);
    for (const text of ['1', '2']) {
      for (const topic of topics) await bus.publish(topic, `${topic} ${text}`, { key: 'order-1' });
    }
    const letters = await t.deadLetters(bus, 6, shared);
    assert.deepEqual(
      letters.map((letter) => letter.text()).sort(),
      topics.flatMap((topic) => [`${topic} 1`, `${topic} 2`]).sort(),
    );
  });

  test('a letter that is taken for a duplicate unseen is sent again under another id', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const subscription = await bus.subscribe(t.topic, failing, deadLetter);
    wire.answer(to(`${t.topic}.dlq`), { duplicate: true });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().deadLettered === 1);
    const ids = wire.log.flatMap((entry) =>
      entry.kind === 'send' && entry.topic === `${t.topic}.dlq` ? [entry.record.messageId] : [],
    );
    assert.equal(new Set(ids).size, 2);
    assert.equal((await t.deadLetters(bus))[0]?.text(), 'hello');
  });

  test('the key of a letter that can never be written is halted, and told', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const subscription = await bus.subscribeEnvelope(t.topic, failing, deadLetter);
    const halted: unknown[] = [];
    bus.on('halted', ({ key, error }) => void halted.push([key, EbusError.isInstance(error) && error.code]));
    wire.fail(
      to(`${t.topic}.dlq`),
      new PublishError('too large for the test', { code: 'MESSAGE_TOO_LARGE' }),
      2,
    );
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    await t.eventually(() => subscription.stats().halted === 1);
    assert.deepEqual(halted, [['order-1', 'MESSAGE_TOO_LARGE']]);
    assert.equal(wire.count('send', `${t.topic}.dlq`), 2);
    assert.equal(wire.count('settle', t.topic), 0);
    await subscription.skipHalted('order-1');
    await t.eventually(() => wire.count('settle', t.topic) === 1);
    assert.deepEqual(wire.outcomes(t.topic), ['dead-lettered']);
  });

  test('the dead-letter topic can be set for a subscription, and for the bus', async (t) => {
    const [other, ofSubscription, ofBus] = [t.newTopic(), t.newTopic('persistent'), t.newTopic('persistent')];
    const bus = await t.bus({ config: { subscriber: { errorHandling: { deadLetterTopic: ofBus } } } });
    await bus.subscribe(t.topic, failing, { ...deadLetter, deadLetterTopic: ofSubscription });
    await bus.subscribe(other, failing, deadLetter);
    await bus.publish(t.topic, 'here');
    await bus.publish(other, 'there');
    const [here] = await t.deadLetters(bus, 1, ofSubscription);
    const [there] = await t.deadLetters(bus, 1, ofBus);
    assert.equal(here?.text(), 'here');
    assert.equal(there?.text(), 'there');
  });

  test('a subscription whose dead-letter topic is its own topic is refused', async (t) => {
    const bus = await t.bus();
    const subscribing = bus.subscribe(t.topic, failing, { ...deadLetter, deadLetterTopic: t.topic });
    await assert.rejects(subscribing, (error) => {
      assert.ok(EbusError.isInstance(error));
      assert.match(error.message, /dead-letter/);
      return true;
    });
  });

  test('discard settles the message, counts it and leaves no dead letter', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const subscription = await bus.subscribe(t.topic, failing, { maxRetries: 0, onExhausted: 'discard' });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => wire.count('settle', t.topic) === 1);
    assert.equal(subscription.stats().discarded, 1);
    assert.equal(subscription.stats().deadLettered, 0);
    assert.deepEqual(wire.outcomes(t.topic), ['discarded']);
    assert.equal(wire.count('send', `${t.topic}.dlq`), 0);
  });

  const byDefault = persistence === 'persistent' ? 'deadLettered' : 'discarded';
  test(`on ${persistence} topics an exhausted message is ${byDefault} by default`, async (t) => {
    const bus = await t.bus();
    const subscription = await bus.subscribe(t.topic, failing, { maxRetries: 0 });
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats()[byDefault] === 1);
  });

  test('a subscription on a dead-letter topic halts by default', async (t) => {
    const bus = await t.bus();
    const subscription = await bus.subscribe(t.topic, failing, deadLetter);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().deadLettered === 1);
    const repair = await bus.subscribe(`${t.topic}.dlq`, failing, { maxRetries: 0, from: 'earliest' });
    await t.eventually(() => repair.stats().halted === 1);
    assert.equal(repair.stats().deadLettered, 0);
    assert.equal(repair.stats().discarded, 0);
  });

  test('an envelope that cannot be published goes to the configured dead-letter topic, once', async (t) => {
    const letters = t.newTopic('persistent');
    const wire = new Wire();
    const config = { publisher: { errorHandling: { deadLetterTopic: letters } } };
    const bus = await t.bus({ wire, config });
    wire.fail(to(t.topic), new PublishError('refused for the test'));
    await assert.rejects(bus.publishEnvelope(t.topic, event('order-1', 1)), /refused for the test/);
    await assert.rejects(bus.publish(t.topic, 'raw'), /refused for the test/);
    const [letter, ...others] = await t.deadLetters(bus, 1, letters);
    assert.equal(letter?.headers.get('X-Original-Topic'), t.topic);
    assert.match(letter?.text() ?? '', /"aggregate_id":"order-1"/);
    assert.deepEqual(others, []);
    assert.equal(wire.count('send', letters), 1);
  });
};

/** The headers that were sent, by name, with their values as bytes; what transports add is not compared. */
function asBytes(
  message: { readonly headers: Iterable<readonly [string, HeaderValue]> },
  sent: readonly (readonly [string, HeaderValue])[],
): [string, number[]][] {
  const names = new Set(sent.map(([name]) => name));
  return [...message.headers]
    .filter(([name]) => names.has(name))
    .map(([name, value]) => [name, [...headerBytes(value)]]);
}
