/** `bus.deadLetters`: looking at dead letters and publishing them back. */
import assert from 'node:assert/strict';
import { type DeadLetter, InMemoryMetricsCollector } from '@ebus/core';
import { redriving } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages } from '../test-kit/collector.js';
import { failed, textsOf } from '../test-kit/dead-lettered.js';

/** Dead letters are listed and published back to their topics; only the group that failed handles them again. */
export const redrive: Group = ({ testWhere }) => {
  testWhere(
    redriving,
    'list shows the oldest dead letters with what their headers say, and leaves them',
    async (t) => {
      const bus = await t.bus();
      const { subscription } = await failed(t, bus, ['1', '2', '3']);
      const letters = await bus.deadLetters.list(t.topic);
      assert.deepEqual(textsOf(letters), ['1', '2', '3']);
      const [first] = letters;
      assert.equal(first?.originalTopic, t.topic);
      assert.equal(first?.group, subscription.group);
      assert.equal(first?.errorMessage, 'broken');
      assert.equal(first?.errorCode, 'HANDLER_FAILED');
      assert.equal(first?.attempts, 1);
      assert.ok(first?.failedAt instanceof Date);
      assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic, { limit: 2 })), ['1', '2']);
      assert.deepEqual(textsOf(await bus.deadLetters.list(`${t.topic}.dlq`)), ['1', '2', '3']);
    },
  );

  testWhere(redriving, 'redrive publishes them back, in order and as they were', async (t) => {
    const bus = await t.bus();
    const patient = await failed(t, bus, ['1', '2', '3']);
    patient.repair();
    const progress: number[] = [];
    const report = await bus.deadLetters.redrive(t.topic, {
      onProgress: ({ redriven }) => progress.push(redriven),
    });
    assert.deepEqual(report, { redriven: 3, left: 0, total: 3, failed: [] });
    assert.deepEqual(progress, [1, 2, 3]);
    await t.eventually(() => patient.handled.length === 3);
    assert.deepEqual(
      patient.handled.map((message) => message.text()),
      ['1', '2', '3'],
    );
    for (const message of patient.handled) {
      assert.equal(message.key, 'order-1');
      assert.deepEqual(message.headers.getAll('tag'), ['a', 'b']);
      const added = [...message.headers]
        .map(([name]) => name)
        .filter((name) => /^x-(original|error|attempts)/i.test(name));
      assert.deepEqual(added, []);
    }
    assert.deepEqual(await bus.deadLetters.list(t.topic), []);
    assert.deepEqual(await bus.deadLetters.redrive(t.topic), { redriven: 0, left: 0, total: 0, failed: [] });
  });

  testWhere(redriving, 'other groups settle what is redriven without handling it again', async (t) => {
    const bus = await t.bus();
    const other = collectMessages();
    const subscription = await bus.subscribe(t.topic, other.handle, { group: `${t.service}-other` });
    const patient = await failed(t, bus, ['1', '2']);
    await t.eventually(() => other.size === 2);
    patient.repair();
    await bus.deadLetters.redrive(t.topic);
    await t.eventually(() => patient.handled.length === 2 && subscription.stats().skipped === 2);
    await bus.idle();
    assert.equal(other.size, 2);
    assert.equal(subscription.stats().inFlight, 0);
  });

  testWhere(redriving, 'who does not trust redrives handles those for other groups, too', async (t) => {
    const bus = await t.bus();
    const other = collectMessages();
    const subscription = await bus.subscribe(t.topic, other.handle, {
      group: `${t.service}-other`,
      redrives: 'ignore',
    });
    const patient = await failed(t, bus, ['1']);
    await t.eventually(() => other.size === 1);
    patient.repair();
    await bus.deadLetters.redrive(t.topic);
    await t.eventually(() => other.size === 2 && patient.handled.length === 1);
    assert.equal(subscription.stats().skipped, 0);
  });

  testWhere(redriving, 'what is skipped for another group is counted and logged', async (t) => {
    const collector = new InMemoryMetricsCollector();
    const warned: unknown[] = [];
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (fields: object) => void ('redrivenFor' in fields && warned.push(fields.redrivenFor)),
    };
    const bus = await t.bus({ createOptions: { metrics: collector, logger } });
    const skips = { group: `${t.service}-other` };
    const subscription = await bus.subscribe(t.topic, () => {}, skips);
    const patient = await failed(t, bus, ['1', '2']);
    patient.repair();
    await bus.deadLetters.redrive(t.topic);
    await t.eventually(() => subscription.stats().skipped === 2);
    assert.equal(collector.get('skipped', t.topic), 2);
    assert.deepEqual(warned, [patient.subscription.group]);
  });

  testWhere(redriving, 'letters at one position of two dead-letter topics both come back', async (t) => {
    const bus = await t.bus();
    const letters = [t.newTopic('persistent'), t.newTopic('persistent')];
    let broken = true;
    const handled: string[] = [];
    for (const [i, deadLetterTopic] of letters.entries()) {
      const group = `${t.service}-${i}`;
      const handler = () => {
        if (broken) throw new Error('broken');
        handled.push(group);
      };
      await bus.subscribe(t.topic, handler, {
        group,
        deadLetterTopic,
        maxRetries: 0,
        onExhausted: 'dead-letter',
      });
    }
    await bus.publish(t.topic, 'hello');
    for (const topic of letters) await t.deadLetters(bus, 1, topic);
    broken = false;
    for (const deadLetterTopic of letters) await bus.deadLetters.redrive(t.topic, { deadLetterTopic });
    await t.eventually(() => handled.length === 2);
    assert.deepEqual(handled.sort(), [`${t.service}-0`, `${t.service}-1`]);
  });

  testWhere(redriving, 'what the filter leaves stays, in order', async (t) => {
    const bus = await t.bus();
    const patient = await failed(t, bus, ['1', '2', '3', '4']);
    patient.repair();
    const filter = ({ message }: DeadLetter) => Number(message.text()) % 2 === 0;
    assert.deepEqual(await bus.deadLetters.redrive(t.topic, { filter }), {
      redriven: 2,
      left: 2,
      total: 4,
      failed: [],
    });
    await t.eventually(() => patient.handled.length === 2);
    const left = await bus.deadLetters.list(t.topic);
    assert.deepEqual(textsOf(left), ['1', '3']);
    assert.equal(left[0]?.originalTopic, t.topic);
    assert.equal(left[0]?.attempts, 1);
    assert.deepEqual(await bus.deadLetters.redrive(t.topic), { redriven: 2, left: 0, total: 2, failed: [] });
    await t.eventually(() => patient.handled.length === 4);
  });

  testWhere(redriving, 'no more than the limit are redriven, and dryRun redrives none', async (t) => {
    const bus = await t.bus();
    const patient = await failed(t, bus, ['1', '2', '3']);
    patient.repair();
    const dry = await bus.deadLetters.redrive(t.topic, { dryRun: true });
    assert.equal(dry.redriven, 3);
    assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic)), ['1', '2', '3']);
    assert.equal((await bus.deadLetters.redrive(t.topic, { limit: 2 })).redriven, 2);
    assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic)), ['3']);
    await t.eventually(() => patient.handled.length === 2);
    assert.deepEqual(
      patient.handled.map((message) => message.text()),
      ['1', '2'],
    );
  });

  testWhere(redriving, 'a topic without dead letters has none to list or redrive', async (t) => {
    const bus = await t.bus();
    assert.deepEqual(await bus.deadLetters.list(t.topic), []);
    assert.deepEqual(await bus.deadLetters.redrive(t.topic), { redriven: 0, left: 0, total: 0, failed: [] });
  });
};
