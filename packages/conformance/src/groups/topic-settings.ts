/** Settings of topics, one by one: set, changed and taken away, as any bus finds them on the broker. */
import assert from 'node:assert/strict';
import type { EventBus, TopicOptions } from '@ebus/core';
import type { TopicDescription, TopicSpec } from '@ebus/core/driver';
import { administered, replay, topicFields, topicsHave } from '../requirements.js';
import type { Group } from '../suite.js';
import { collectMessages, texts } from '../test-kit/collector.js';
import { TopicWire } from '../test-kit/topic-wire.js';
import { uniqueName } from '../test-kit/unique-name.js';

/** How a topic's settings are called where they are configured and where they are described, and two values of each. */
const SETTINGS = [
  ['retention', 'retentionMs', ['2h', 7_200_000], ['3h', 10_800_000]],
  ['maxSize', 'maxBytes', ['1MB', 1_048_576], ['2MB', 2_097_152]],
  ['maxMessages', 'maxMessages', [1_000, 1_000], [2_000, 2_000]],
  ['description', 'description', ['first', 'first'], ['second', 'second']],
] as const satisfies readonly (readonly [keyof TopicOptions, keyof TopicSpec, ...unknown[]])[];

/** Of these, 0 and nothing at all both say "no limit". */
const LIMITS = ['retention', 'maxSize', 'maxMessages'] as const;

const FIELDS: readonly (keyof TopicSpec)[] = [
  'retentionMs',
  'maxBytes',
  'maxMessages',
  'replicas',
  'partitions',
  'compression',
  'compressionLevel',
  'description',
];

/** What the broker has of that which can be configured, and of nothing else. */
async function settingsOf(bus: EventBus, topic: string): Promise<Partial<TopicDescription>> {
  const described: Partial<TopicDescription> = (await bus.topics.describe(topic)) ?? {};
  return Object.fromEntries(
    FIELDS.filter((field) => described[field] !== undefined).map((field) => [field, described[field]]),
  );
}

/** Each topic setting is applied, changed and removed, and read back as the broker has it. */
export const topicSettings: Group = ({ testWhere, ...offer }) => {
  const { persistence } = offer;
  const fields = topicFields(offer);

  for (const [option, field, [first, described], [second, changed]] of SETTINGS) {
    testWhere(
      topicsHave(field),
      `a change of ${option} is on the broker afterwards, and nothing else is changed`,
      async (t) => {
        const [bus, other] = [await t.bus(), await t.bus()];
        const topic = uniqueName('topic');
        await bus.topics.configure(topic, { persistence, [option]: first });
        const before = await settingsOf(bus, topic);
        assert.equal(before[field], described);
        const outcome = await bus.topics.configure(topic, { persistence, [option]: second });
        assert.deepEqual([outcome.action, outcome.changed], ['changed', [option]]);
        const expected = { ...before, [field]: changed };
        await t.eventually(async () => assert.deepEqual(await settingsOf(other, topic), expected));
      },
    );
  }

  testWhere(
    topicsHave('retentionMs'),
    'a topic that another bus makes at the same moment is not made anew, and keeps its settings',
    async (t) => {
      const wire = new TopicWire();
      const [quick, slow] = [await t.bus(), await t.bus({ wire })];
      const topic = uniqueName('topic');
      await quick.topics.configure(topic, { persistence, retention: '2h' });
      wire.missOnce();
      const outcome = await slow.topics.configure(
        topic,
        { persistence, retention: '3h' },
        { strategy: 'createOnly' },
      );
      assert.deepEqual([outcome.action, outcome.changed], ['mismatched', []]);
      assert.equal((await quick.topics.describe(topic))?.retentionMs, 2 * 3_600_000);
    },
  );

  testWhere(
    administered,
    'a topic is described by what it has, and by nothing that it has not',
    async (t) => {
      const bus = await t.bus();
      const [topic, limited] = [uniqueName('topic'), uniqueName('topic')];
      const has = LIMITS.filter((option) => fields.has(fieldOf(option)));
      await bus.topics.configure(topic, { persistence, ...Object.fromEntries(has.map((name) => [name, 0])) });
      await bus.topics.configure(limited, {
        persistence,
        ...Object.fromEntries(
          SETTINGS.filter(([, field]) => fields.has(field)).map(([name, , [value]]) => [name, value]),
        ),
      });
      const [plain, described] = [await settingsOf(bus, topic), await settingsOf(bus, limited)];
      for (const option of has) assert.equal(Math.max(0, Number(plain[fieldOf(option)] ?? 0)), 0, option);
      assert.equal(plain.description ?? '', '');
      for (const [name, field, [, value]] of SETTINGS)
        if (fields.has(field)) assert.equal(described[field], value, name);
      const strange = Object.keys({ ...plain, ...described }).filter(
        (field) => !fields.has(field as keyof TopicSpec),
      );
      assert.deepEqual(strange, [], 'described although the broker has no such setting');
    },
  );

  for (const [option, value] of [
    ['maxSize', '1MB'],
    ['maxMessages', 100],
  ] as const) {
    const field = fieldOf(option);
    testWhere(topicsHave(field), `${option} is set, changed, and taken away again`, async (t) => {
      const bus = await t.bus();
      const topic = uniqueName('topic');
      await bus.topics.configure(topic, { persistence });
      const isLimited = async () => Number((await bus.topics.describe(topic))?.[field] ?? 0) > 0;
      assert.equal(await isLimited(), false);
      for (const limit of [value, 0, value, -1] as TopicOptions[typeof option][]) {
        const outcome = await bus.topics.configure(topic, { persistence, [option]: limit });
        assert.deepEqual([outcome.action, outcome.changed], ['changed', [option]]);
        assert.equal(await isLimited(), limit === value);
      }
    });
  }

  testWhere([topicsHave('maxMessages'), replay], 'beyond maxMessages the oldest go', async (t) => {
    const bus = await t.bus();
    const topic = uniqueName('topic');
    await bus.topics.configure(topic, { persistence, maxMessages: 5 });
    for (let number = 1; number <= 12; number++) await bus.publish(topic, String(number));
    const seen = collectMessages();
    await bus.subscribe(topic, seen.handle, { from: 'earliest', concurrency: 1 });
    await t.eventually(() => seen.size === 5);
    await bus.idle();
    assert.deepEqual(texts(seen), ['8', '9', '10', '11', '12']);
  });

  testWhere(
    topicsHave('partitions'),
    'partitions are added and taken away only where that is allowed',
    async (t) => {
      const bus = await t.bus();
      const topic = uniqueName('topic');
      await bus.topics.configure(topic, { persistence, partitions: 2 });
      assert.equal((await bus.topics.configure(topic, { persistence, partitions: 3 })).action, 'mismatched');
      const allowed = { allowPartitionIncrease: true };
      assert.deepEqual((await bus.topics.configure(topic, { persistence, partitions: 3 }, allowed)).changed, [
        'partitions',
      ]);
      assert.equal((await bus.topics.describe(topic))?.partitions, 3);
      assert.equal(
        (await bus.topics.configure(topic, { persistence, partitions: 1 }, allowed)).action,
        'mismatched',
      );
    },
  );
};

function fieldOf(option: (typeof LIMITS)[number]): keyof TopicSpec {
  return SETTINGS.find(([name]) => name === option)?.[1] as keyof TopicSpec;
}
