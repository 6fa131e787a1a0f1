/** Configuring topics: what the broker has afterwards, and what is said about it. */
import assert from 'node:assert/strict';
import {
  ConfigError,
  type EventBus,
  type TopicMismatchError,
  TopicNameError,
  type TopicOptions,
} from '@ebus/core';
import type { TopicSpec } from '@ebus/core/driver';
import { administered, bothPersistences, topicFields, topicsHave } from '../requirements.js';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';
import { SequenceCheck } from '../test-kit/sequence-check.js';
import { uniqueName } from '../test-kit/unique-name.js';

/** One value for every setting there is, and how drivers know it. */
const OPTIONS = {
  retention: '2h',
  maxSize: '1MB',
  maxMessages: 1_000,
  replicas: 1,
  partitions: 3,
  compression: 'gzip',
  compressionLevel: 5,
  description: 'made by the conformance suite',
} as const satisfies TopicOptions;
const SPEC: Readonly<Record<string, [field: keyof TopicSpec, value: unknown]>> = {
  persistence: ['persistence', undefined],
  retention: ['retentionMs', 2 * 3_600_000],
  maxSize: ['maxBytes', 1_048_576],
  maxMessages: ['maxMessages', 1_000],
  replicas: ['replicas', 1],
  partitions: ['partitions', 3],
  compression: ['compression', 'gzip'],
  compressionLevel: ['compressionLevel', 5],
  description: ['description', OPTIONS.description],
};

/** `bus.topics`: plans match what `apply` does, and concurrent calls agree. */
export const topics: Group = ({ test, testWhere, ...offer }) => {
  const { persistence, admin } = offer;
  const fields = topicFields(offer);
  const isOnBroker = administered(offer) === undefined;
  // A description is for people: the bus keeps it where the broker has no place for it. A persistence that cannot be chosen is given.
  const options: TopicOptions = { ...OPTIONS, persistence };
  const unsupported = Object.keys(options).filter(
    (option) =>
      !['description', 'persistence'].includes(option) && !fields.has(SPEC[option]?.[0] ?? 'persistence'),
  );
  const other: TopicOptions['persistence'] = persistence === 'persistent' ? 'ephemeral' : 'persistent';
  /** Topics of the suite's names, which no bus has configured. */
  const names = (count: number) => Array.from({ length: count }, () => uniqueName('topic'));

  if (admin !== undefined) {
    test('what is configured is there, and what the broker has no setting for is said', async (t) => {
      const bus = await t.bus();
      const [topic] = names(1) as [string];
      const first = await bus.topics.configure(topic, options);
      assert.equal(first.action, isOnBroker ? 'created' : 'left');
      assert.deepEqual([...first.unsupported].sort(), [...unsupported].sort());
      assert.deepEqual([first.changed, first.mismatches], [[], []]);
      assert.equal(bus.topics.get(topic).description, OPTIONS.description);
      const described = await bus.topics.describe(topic);
      if (!isOnBroker) assert.equal(described, undefined);
      else {
        for (const [option, [field, value]] of Object.entries(SPEC)) {
          if (option !== 'persistence' && fields.has(field)) assert.equal(described?.[field], value, option);
        }
      }
      const again = await bus.topics.configure(topic, options);
      assert.deepEqual(again, { ...first, action: 'left' });
    });

    test('a plan says what apply then does, and changes nothing', async (t) => {
      const bus = await t.bus();
      const [known, fresh] = names(2) as [string, string];
      await bus.topics.configure(known, options);
      const configs = {
        [known]: { persistence, retention: '3h', maxSize: '2MB' },
        [fresh]: { persistence },
      } as const;
      const plan = await bus.topics.plan(configs);
      assert.equal(await bus.topics.describe(fresh), undefined);
      assert.deepEqual(await bus.topics.apply(configs), plan);
      const changed = (['retention', 'maxSize'] as const).filter((option) =>
        fields.has(SPEC[option]?.[0] ?? 'persistence'),
      );
      assert.deepEqual(plan[0]?.changed, changed);
    });

    test('two buses that configure the same topics at once both succeed, and each topic is right', async (t) => {
      const buses = await Promise.all([t.bus(), t.bus()]);
      const configs = Object.fromEntries(names(20).map((topic) => [topic, options]));
      const all = await Promise.all(buses.map((bus) => bus.topics.apply(configs)));
      for (const outcomes of all) for (const { mismatches } of outcomes) assert.deepEqual(mismatches, []);
      const [after] = await Promise.all([buses[0]?.topics.plan(configs)]);
      assert.ok(after?.every(({ action }) => action === 'left'));
    });

    test("'skip' asks the broker nothing, and says nothing of it", async (t) => {
      const bus = await t.bus();
      const [topic] = names(1) as [string];
      const outcome = await bus.topics.configure(topic, options, { strategy: 'skip' });
      assert.deepEqual(outcome, { topic, action: 'left', changed: [], mismatches: [], unsupported: [] });
      assert.equal(await bus.topics.describe(topic), undefined);
    });
  }

  testWhere(
    administered,
    "'validateOnly' reports all mismatches of all topics, and changes nothing",
    async (t) => {
      const bus = await t.bus();
      const [present, absent] = names(2) as [string, string];
      await bus.topics.configure(present, options);
      const before = await bus.topics.describe(present);
      const configs = {
        [present]: { persistence, retention: '5h', maxSize: '5MB', maxMessages: 5, partitions: 1 },
        [absent]: { persistence },
      } as const;
      const expected = ['retention', 'maxSize', 'maxMessages', 'partitions']
        .filter((option) => fields.has(SPEC[option]?.[0] ?? 'persistence'))
        .map((option) => [present, option]);
      await assert.rejects(
        bus.topics.apply(configs, { strategy: 'validateOnly', onMismatch: 'fail' }),
        (error: TopicMismatchError) => {
          assert.equal(error.code, 'TOPIC_MISMATCH');
          const found = error.mismatches.map(({ topic, field }) => [topic, field]);
          assert.deepEqual(found.sort(), [...expected, [absent, 'topic']].sort());
          return true;
        },
      );
      assert.deepEqual(await bus.topics.describe(present), before);
      assert.equal(await bus.topics.describe(absent), undefined);
    },
  );

  testWhere(
    topicsHave('retentionMs'),
    "'createOnly' creates, and never changes, also the second time",
    async (t) => {
      const bus = await t.bus();
      const [topic] = names(1) as [string];
      const how = { strategy: 'createOnly' } as const;
      assert.equal(
        (await bus.topics.configure(topic, { persistence, retention: '2h' }, how)).action,
        'created',
      );
      const second = await bus.topics.configure(topic, { persistence, retention: '3h' }, how);
      assert.deepEqual([second.action, second.changed], ['mismatched', []]);
      assert.equal((await bus.topics.describe(topic))?.retentionMs, 2 * 3_600_000);
    },
  );

  test('what is wrong with any topic is said before anything is configured', async (t) => {
    const bus = await t.bus();
    const [topic] = names(1) as [string];
    const wrong = { [topic]: { persistence }, [`${topic}-2`]: { retention: -1, replica: 2 } } as never;
    await assert.rejects(bus.topics.apply(wrong), (error: ConfigError) => {
      assert.ok(ConfigError.isInstance(error));
      assert.equal(error.problems.length, 2);
      assert.match(error.message, /did you mean 'replicas'/);
      return true;
    });
    await assert.rejects(bus.topics.configure('no spaces', {}), (error) => TopicNameError.isInstance(error));
    if (admin !== undefined) assert.equal(await bus.topics.describe(topic), undefined);
  });

  testWhere(
    bothPersistences,
    'what waits for a handler when a topic is moved is handled before what follows, and nothing of it is lost',
    async (t) => {
      const bus = await t.bus({ config: { keyedWorkerPool: { queueSize: 2 } } });
      const blocked = t.gate();
      const seen: number[] = [];
      const subscription = await bus.subscribeEnvelope<{ sequence: number }>(
        t.topic,
        async ({ payload }) => {
          await blocked.promise;
          seen.push(payload.sequence);
        },
        { concurrency: 1 },
      );
      const publish = async (from: number, to: number) => {
        for (let sequence = from; sequence <= to; sequence++)
          await bus.publishEnvelope(t.topic, event('order-1', sequence));
      };
      await publish(1, 20);
      await t.eventually(() => subscription.stats().running === 1);
      await bus.topics.setPersistence(t.topic, other === 'persistent');
      await publish(21, 25);
      blocked.resolve();
      await t.eventually(() => seen.includes(25), 'the last is handled');
      assert.deepEqual(
        [...new Set(seen)],
        Array.from({ length: 25 }, (_, index) => index + 1),
      );
    },
  );

  testWhere(
    bothPersistences,
    'a topic that is moved to the other persistence and back under load loses nothing and keeps the order',
    async (t) => {
      const bus = await t.bus();
      const check = new SequenceCheck();
      const counts = new Map<string, number>();
      await bus.subscribeEnvelope<{ sequence: number }>(t.topic, async ({ aggregateId, payload }) => {
        if (payload.sequence % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
        check.add(aggregateId, payload.sequence);
      });
      const load = new Load(bus, t.topic, 10, counts);
      for (const persistent of [other === 'persistent', persistence === 'persistent']) {
        const before = load.accepted;
        await t.eventually(() => load.accepted > before + 200);
        await bus.topics.setPersistence(t.topic, persistent);
        assert.equal(bus.topics.get(t.topic).persistence, persistent ? 'persistent' : 'ephemeral');
      }
      const before = load.accepted;
      await t.eventually(() => load.accepted > before + 200);
      await load.stop();
      for (const [aggregateId, count] of counts) {
        await t.eventually(() => check.of(aggregateId).includes(count), `the last event of ${aggregateId}`);
      }
      await bus.idle();
      for (const [aggregateId, count] of counts) {
        const firsts = [...new Set(check.of(aggregateId))];
        assert.deepEqual(
          firsts,
          Array.from({ length: count }, (_, index) => index + 1),
          aggregateId,
        );
      }
    },
  );
};

/** Publishes the events 1, 2, 3, … of some aggregates, three of each at a time, until it is stopped. */
class Load {
  accepted = 0;
  #stopped = false;
  readonly #done: Promise<unknown>;

  constructor(bus: EventBus, topic: string, aggregates: number, counts: Map<string, number>) {
    const publish = async (id: string) => {
      for (let next = 1; !this.#stopped; next += 3) {
        await Promise.all(
          [next, next + 1, next + 2].map((sequence) => bus.publishEnvelope(topic, event(id, sequence))),
        );
        this.accepted += 3;
        counts.set(id, next + 2);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    this.#done = Promise.all(Array.from({ length: aggregates }, (_, index) => publish(`order-${index + 1}`)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}
