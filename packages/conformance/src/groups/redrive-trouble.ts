/** Redrives that meet trouble: letters that are refused or belong elsewhere, filters that throw, aborts, several at once. */
import assert from 'node:assert/strict';
import { type DeadLetter, EbusError, type Message, PublishError } from '@ebus/core';
import { redriving } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages } from '../test-kit/collector.js';
import { failAgain, failed, strayLetter, textsOf } from '../test-kit/dead-lettered.js';
import { to, Wire } from '../test-kit/wire.js';

/** A redrive that fails midway loses no letter, and leaves those that cannot go. */
export const redriveTrouble: Group = ({ testWhere }) => {
  testWhere(redriving, 'a dead letter is settled only after its publish was acknowledged', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const patient = await failed(t, bus, ['1', '2']);
    patient.repair();
    const restore = wire.fail(() => true, new PublishError('away for the test', { retryable: true }));
    await assert.rejects(bus.deadLetters.redrive(t.topic), /away for the test/);
    restore();
    assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic)), ['1', '2']);
    for await (const letter of bus.deadLetters.browse(t.topic)) {
      assert.deepEqual(textsOf([letter]), ['1']);
      break;
    }
    const begun = wire.log.length;
    assert.equal((await bus.deadLetters.redrive(t.topic, { limit: 1 })).redriven, 1);
    const lines = wire.lines().slice(begun);
    const acknowledged = lines.indexOf(`acknowledged ${t.topic}`);
    assert.ok(acknowledged >= 0 && acknowledged < lines.indexOf(`handled ${t.topic}.dlq`), lines.join(', '));
  });

  testWhere(
    redriving,
    'a letter that the broker refuses is left and reported, and the rest goes',
    async (t) => {
      const wire = new Wire();
      const bus = await t.bus({ wire });
      const patient = await failed(t, bus, ['1', '2', '3']);
      patient.repair();
      wire.fail(to(t.topic), new PublishError('refused for the test'), 1);
      const { redriven, left, total, failed: letters } = await bus.deadLetters.redrive(t.topic);
      assert.deepEqual({ redriven, left, total }, { redriven: 2, left: 1, total: 3 });
      assert.equal(letters.length, 1);
      assert.equal(letters[0]?.originalTopic, t.topic);
      assert.match(letters[0]?.reason ?? '', /refused for the test/);
      await t.eventually(() => patient.handled.length === 2);
      assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic)), ['1']);
      assert.equal((await bus.deadLetters.redrive(t.topic)).redriven, 1);
      await t.eventually(() => patient.handled.length === 3);
    },
  );

  testWhere(
    redriving,
    'letters go only where they belong, and further only where that is said',
    async (t) => {
      const elsewhere = t.newTopic();
      const bus = await t.bus();
      const patient = await failed(t, bus, ['1', '2']);
      await strayLetter(t, elsewhere, `${t.topic}.dlq`, 'stray');
      await failAgain(t, bus, patient, '3');
      patient.repair();
      const arrived = collectMessages();
      const witness = await bus.subscribe(elsewhere, arrived.handle, {
        group: `${t.service}-stray`,
        from: 'latest',
      });
      for (const topic of [t.topic, `${t.topic}.dlq`]) {
        const report = await bus.deadLetters.redrive(topic);
        assert.equal(report.left, 1);
        assert.equal(report.failed[0]?.originalTopic, elsewhere);
        assert.ok(report.failed[0]?.reason.includes(elsewhere), report.failed[0]?.reason);
      }
      await t.eventually(() => patient.handled.length === 3);
      assert.deepEqual(textsOf(await bus.deadLetters.list(`${t.topic}.dlq`)), ['stray']);
      assert.equal(arrived.size + witness.stats().skipped, 0);
      assert.deepEqual(await bus.deadLetters.redrive(t.topic, { to: [elsewhere] }), {
        redriven: 1,
        left: 0,
        total: 1,
        failed: [],
      });
      await t.eventually(() => arrived.size + witness.stats().skipped === 1);
    },
  );

  testWhere(redriving, 'letters of a shared dead-letter topic go to the topics that share it', async (t) => {
    const other = t.newTopic();
    const shared = t.newTopic('persistent');
    const bus = await t.bus({ config: { subscriber: { errorHandling: { deadLetterTopic: shared } } } });
    let broken = true;
    const handled: string[] = [];
    for (const topic of [t.topic, other]) {
      const handler = (message: Message) => {
        if (broken) throw new Error('broken');
        handled.push(message.text());
      };
      await bus.subscribe(topic, handler, { maxRetries: 0, onExhausted: 'dead-letter' });
      await bus.publish(topic, topic);
    }
    await t.deadLetters(bus, 2, shared);
    broken = false;
    assert.deepEqual(textsOf(await bus.deadLetters.list(other)), [other]);
    const one = await bus.deadLetters.redrive(t.topic);
    assert.deepEqual(one, { redriven: 1, left: 1, total: 2, failed: [] });
    assert.equal((await bus.deadLetters.redrive(shared)).redriven, 1);
    await t.eventually(() => handled.length === 2);
    // Two topics: nothing says which of them is read first.
    assert.deepEqual(handled.sort(), [t.topic, other].sort());
  });

  testWhere(
    redriving,
    'a filter that throws ends the redrive, and nothing is lost or kept busy',
    async (t) => {
      const bus = await t.bus();
      const patient = await failed(t, bus, ['1', '2', '3']);
      patient.repair();
      const filter = ({ message }: DeadLetter) => {
        if (message.text() === '2') throw new RangeError('the filter is broken');
        return true;
      };
      await assert.rejects(bus.deadLetters.redrive(t.topic, { filter }), RangeError);
      await assert.rejects(bus.deadLetters.redrive(t.topic, { filter, dryRun: true }), RangeError);
      assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic)), ['2', '3']);
      assert.equal((await bus.deadLetters.redrive(t.topic, { filter: async () => false })).left, 2);
      const onProgress = () => {
        throw new Error('the observer is broken');
      };
      assert.equal((await bus.deadLetters.redrive(t.topic, { onProgress })).redriven, 2);
      await t.eventually(() => patient.handled.length === 3);
    },
  );

  testWhere(redriving, 'redrives at once share the letters, and lose none', async (t) => {
    const buses = [await t.bus(), await t.bus()] as const;
    const sent = Array.from({ length: 20 }, (_, i) => String(i));
    const patient = await failed(t, buses[0], sent);
    patient.repair();
    const filter = ({ message }: DeadLetter) => message.text() !== '7';
    await Promise.all([...buses, buses[0]].map((bus) => bus.deadLetters.redrive(t.topic, { filter })));
    await t.eventually(() => new Set(patient.handled.map((message) => message.text())).size === 19);
    assert.deepEqual(textsOf(await buses[1].deadLetters.list(t.topic)), ['7']);
    await buses[0].idle();
    assert.equal(patient.handled.length, 19);
  });

  testWhere(redriving, 'a redrive that is aborted midway loses nothing', async (t) => {
    const bus = await t.bus();
    const sent = Array.from({ length: 10 }, (_, i) => String(i));
    const patient = await failed(t, bus, sent);
    patient.repair();
    const abort = new AbortController();
    const onProgress = () => abort.abort();
    const aborted = bus.deadLetters.redrive(t.topic, { signal: abort.signal, onProgress });
    await assert.rejects(aborted, (error) => EbusError.isInstance(error) && error.code === 'ABORTED');
    const rest = await bus.deadLetters.redrive(t.topic);
    assert.ok(rest.redriven >= 8, `${rest.redriven} were left`);
    await t.eventually(() => new Set(patient.handled.map((message) => message.text())).size === 10);
  });

  testWhere(redriving, 'what fails again is dead-lettered again, and says so once', async (t) => {
    const bus = await t.bus();
    const { subscription } = await failed(t, bus, ['1']);
    await bus.deadLetters.redrive(t.topic);
    await t.eventually(() => subscription.stats().deadLettered === 2);
    const [letter, ...others] = await bus.deadLetters.list(t.topic);
    assert.deepEqual(others, []);
    for (const name of [
      'X-Original-Topic',
      'X-Error-Message',
      'X-Attempts',
      'X-Timestamp',
      'X-Consumer-Group',
    ]) {
      assert.equal(letter?.message.headers.getAll(name).length, 1, name);
    }
    assert.equal(letter?.message.headers.has('X-Redrive-Group'), false);
  });
};
