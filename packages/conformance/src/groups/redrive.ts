/** `bus.deadLetters`: looking at dead letters and publishing them back. */
import assert from 'node:assert/strict';
import {
  type DeadLetter,
  EbusError,
  type EventBus,
  InMemoryMetricsCollector,
  type Message,
  PublishError,
  type Subscription,
} from '@ebus/core';
import { redriving } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages } from '../test-kit/collector.js';
import type { Scenario } from '../test-kit/scenario.js';
import { to, Wire } from '../test-kit/wire.js';

/** A subscription that fails until it is repaired. */
interface Patient {
  readonly subscription: Subscription;
  readonly handled: Message[];
  repair(): void;
}

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

  testWhere(redriving, 'a dead letter is settled only after its publish was acknowledged', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const patient = await failed(t, bus, ['1', '2']);
    patient.repair();
    const restore = wire.fail(() => true, new PublishError('away for the test', { retryable: true }));
    await assert.rejects(bus.deadLetters.redrive(t.topic), /away for the test/);
    restore();
    assert.deepEqual(textsOf(await bus.deadLetters.list(t.topic)), ['1', '2']);
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

  testWhere(redriving, 'a topic without dead letters has none to list or redrive', async (t) => {
    const bus = await t.bus();
    assert.deepEqual(await bus.deadLetters.list(t.topic), []);
    assert.deepEqual(await bus.deadLetters.redrive(t.topic), { redriven: 0, left: 0, total: 0, failed: [] });
  });
};

/** Has another service put the letter of a message of `topic` into that dead-letter topic. */
async function strayLetter(t: Scenario, topic: string, deadLetterTopic: string, text: string): Promise<void> {
  const bus = await t.bus();
  const how = {
    deadLetterTopic,
    maxRetries: 0,
    onExhausted: 'dead-letter',
    group: `${t.service}-stranger`,
  } as const;
  const subscription = await bus.subscribe(topic, () => Promise.reject(new Error('broken')), how);
  await bus.publish(topic, text);
  await t.eventually(() => subscription.stats().deadLettered === 1);
  await bus.close({ timeout: 500 });
}

async function failAgain(t: Scenario, bus: EventBus, { subscription }: Patient, text: string): Promise<void> {
  const before = subscription.stats().deadLettered;
  await bus.publish(t.topic, text, { key: 'order-1', headers: { tag: ['a', 'b'] } });
  await t.eventually(() => subscription.stats().deadLettered === before + 1);
}

/** Publishes messages that a subscription dead-letters, in order. */
async function failed(t: Scenario, bus: EventBus, sent: readonly string[]): Promise<Patient> {
  let broken = true;
  const handled: Message[] = [];
  const subscription = await bus.subscribe(
    t.topic,
    (message) => {
      if (broken) throw new Error('broken');
      handled.push(message);
    },
    { maxRetries: 0, onExhausted: 'dead-letter', concurrency: 1 },
  );
  const patient: Patient = {
    subscription,
    handled,
    repair: () => {
      broken = false;
    },
  };
  for (const text of sent) await failAgain(t, bus, patient, text);
  return patient;
}

const textsOf = (letters: readonly DeadLetter[]): string[] => letters.map(({ message }) => message.text());
