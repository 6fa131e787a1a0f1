/** How far a group is behind: what the broker counts, and what the backlog monitor makes of it. */
import assert from 'node:assert/strict';
import type { CommonConfig, EventBus, SubscriberBacklogEvent, SubscriberBacklogState } from '@ebus/core';
import { declares } from '../requirements.js';
import type { Group } from '../suite.js';

const MAX_LAG = 3;
const config: CommonConfig = {
  subscriber: { backlogDetection: { enabled: true, checkInterval: '50ms', maxLagThreshold: MAX_LAG } },
};

/** What the last look saw of a group; undefined while there was none. */
function stateOf(bus: EventBus, group: string): SubscriberBacklogState | undefined {
  const state = bus.backlog.subscriber.states().find(({ consumerGroup }) => consumerGroup === group);
  return state !== undefined && 'lagCount' in state ? state : undefined;
}

/** The lag of a group as the broker counts it, and the events of the backlog monitor. */
export const lag: Group = ({ testWhere }) => {
  testWhere(
    declares('lag'),
    'is what a group has not settled, each group its own; 0 when idle',
    async (t) => {
      const bus = await t.bus({ config });
      const stuck = t.gate();
      const [slow, quick] = [`${t.service}-slow`, `${t.service}-quick`];
      await bus.subscribe(t.topic, () => stuck.promise, { group: slow, concurrency: 1 });
      await bus.subscribe(t.topic, () => {}, { group: quick });
      await t.eventually(() => stateOf(bus, slow)?.lagCount === 0 && stateOf(bus, quick)?.lagCount === 0);
      for (let i = 0; i < 10; i++) await bus.publish(t.topic, String(i), { key: `order-${i}` });
      await t.eventually(() => stateOf(bus, slow)?.lagCount === 10, 'the slow group is 10 behind');
      await t.eventually(() => stateOf(bus, quick)?.lagCount === 0, 'the quick group is not behind');
      await t.eventually(() => (stateOf(bus, slow)?.lagTimeMs ?? 0) > 0, 'the oldest has an age');
      assert.equal(stateOf(bus, quick)?.lagTimeMs, 0);
      stuck.resolve();
      await t.eventually(() => stateOf(bus, slow)?.lagCount === 0, 'the slow group has caught up');
    },
  );

  testWhere(declares('lag'), 'above its limit is told on each look, and once when it is over', async (t) => {
    const bus = await t.bus({ config });
    const told: SubscriberBacklogEvent[] = [];
    bus.on('subscriberBacklog', (event) => void told.push(event));
    const stuck = t.gate();
    await bus.subscribe(t.topic, () => stuck.promise);
    await t.eventually(() => bus.backlog.subscriber.states().length === 1);
    assert.equal(told.length, 0);
    // One key, so one partition: it counts by partition.
    for (let i = 0; i <= MAX_LAG; i++) await bus.publish(t.topic, String(i), { key: 'order-1' });
    await t.eventually(() => told.length >= 2, 'the backlog is told again and again');
    for (const event of told) {
      assert.equal(event.error, undefined);
      const { topic, hasBacklog, partitions } = event as SubscriberBacklogState;
      assert.deepEqual([topic, hasBacklog], [t.topic, true]);
      assert.ok(partitions.some((partition) => partition.lag > MAX_LAG));
    }
    stuck.resolve();
    await t.eventually(() => told.some((event) => (event as SubscriberBacklogState).hasBacklog === false));
    const { length } = told;
    await bus.backlog.subscriber.stop();
    await bus.backlog.subscriber.start();
    await t.eventually(() => bus.backlog.subscriber.states().length === 1);
    assert.equal(told.length, length, 'nothing is told of an idle topic');
  });
};
