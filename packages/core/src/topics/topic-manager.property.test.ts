/** Against a model of a broker, over random pairs of what is there and what is wanted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import { scriptedBus } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { ALL_FIELDS, ModelAdmin } from './testing/model-admin.js';
import type { ConfigureOptions, TopicOptions } from './types.js';

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const options = fc.record(
  {
    persistence: fc.constantFrom('persistent' as const, 'ephemeral' as const, 'auto' as const),
    retention: fc.constantFrom(0, 60_000, 60_500, 3_600_000),
    maxSize: fc.constantFrom(-1, 0, 1_024, 2_048),
    maxMessages: fc.constantFrom(-1, 0, 10),
    replicas: fc.integer({ min: 1, max: 2 }),
    partitions: fc.integer({ min: 1, max: 3 }),
    compression: fc.constantFrom('none' as const, 'gzip' as const),
    description: fc.constantFrom('', 'text'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<TopicOptions>;
const present = fc.record(
  {
    persistence: fc.constantFrom('persistent' as const, 'ephemeral' as const),
    retentionMs: fc.constantFrom(0, 60_000, 3_600_000),
    maxBytes: fc.constantFrom(-1, 1_024),
    maxMessages: fc.constantFrom(0, 10),
    replicas: fc.integer({ min: 1, max: 2 }),
    partitions: fc.integer({ min: 1, max: 3 }),
    compression: fc.constantFrom('none' as const, 'gzip' as const),
    alterable: fc.boolean(),
  },
  { requiredKeys: ['persistence'] },
) as fc.Arbitrary<Omit<TopicDescription, 'name'>>;
const how = fc.record(
  {
    strategy: fc.constantFrom('skip', 'createOnly', 'createOrUpdate', 'validateOnly'),
    allowPartitionIncrease: fc.boolean(),
  },
  { requiredKeys: ['strategy'] },
) as fc.Arbitrary<ConfigureOptions>;
const supports = fc.subarray([...ALL_FIELDS] as (keyof TopicSpec)[]);
const persistenceIs = fc.constantFrom('setting' as const, 'route' as const);

describe('the topic manager', () => {
  it('plans what apply then does, and applying again changes nothing', async () => {
    const topics = fc.dictionary(name, options);
    const broker = fc.dictionary(name, present);
    await fc.assert(
      fc.asyncProperty(
        topics,
        broker,
        how,
        supports,
        persistenceIs,
        async (wanted, there, given, fields, is) => {
          const admin = new ModelAdmin(['persistence', ...fields], is);
          for (const [topic, spec] of Object.entries(there)) {
            // What is a route has no ephemeral topics on the broker.
            const persistence = is === 'route' ? 'persistent' : spec.persistence;
            admin.topics.set(topic, { ...spec, name: topic, ...(persistence && { persistence }) });
          }
          const driver = new ScriptedDriver();
          driver.admin = admin;
          const { bus } = await scriptedBus({}, { driver });
          const plan = await bus.topics.plan(wanted, given);
          expect(admin.changes).toEqual([]);
          expect(await bus.topics.apply(wanted, given)).toEqual(plan);
          const changes = admin.changes.length;
          const touched = plan.filter(({ action, changed }) => action === 'created' || changed.length > 0);
          expect(changes).toBe(touched.length);
          if (given.strategy === 'skip') expect(admin.calls).toEqual([]);
          if (given.strategy === 'validateOnly') expect(changes).toBe(0);

          const again = await bus.topics.apply(wanted, given);
          expect(admin.changes).toHaveLength(changes);
          for (const [index, outcome] of again.entries()) {
            expect(outcome.changed).toEqual([]);
            if (plan[index]?.action !== 'created')
              expect(outcome.mismatches).toEqual(plan[index]?.mismatches);
            else expect(outcome.action).toBe('left');
          }
          await bus.close();
        },
      ),
      { numRuns: 300 },
    );
  });
});
