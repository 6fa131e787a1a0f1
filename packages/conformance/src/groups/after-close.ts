/** What a closed bus answers. */
import assert from 'node:assert/strict';
import { BusClosedError, type EventBus } from '@ebus/core';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';

const operations: Record<string, (bus: EventBus, topic: string) => Promise<unknown>> = {
  publish: (bus, topic) => bus.publish(topic, 'hello'),
  publishEnvelope: (bus, topic) => bus.publishEnvelope(topic, event('order-1', 1)),
  subscribe: (bus, topic) => bus.subscribe(topic, () => {}),
  subscribeEnvelope: (bus, topic) => bus.subscribeEnvelope(topic, () => {}),
};

/** Every call on a closed bus: publishing and subscribing reject, waiting and closing resolve. */
export const afterClose: Group = ({ test }) => {
  for (const [name, operation] of Object.entries(operations)) {
    test(`${name} rejects with BusClosedError`, async (t) => {
      const bus = await t.bus();
      await bus.close();
      await assert.rejects(operation(bus, t.topic), (error) => BusClosedError.isInstance(error));
    });
  }

  test('flush, idle and closing again resolve; publish results end', async (t) => {
    const bus = await t.bus();
    const report = await bus.close();
    await bus.flush();
    await bus.idle();
    assert.deepEqual(await bus.close(), report);
    for await (const result of bus.publishResults()) assert.fail(`a result after close: ${result.eventId}`);
  });

  test('a closed subscription answers harmlessly', async (t) => {
    const bus = await t.bus();
    const subscription = await bus.subscribe(t.topic, () => {});
    await subscription.close();
    subscription.pause();
    subscription.resume();
    subscription.retryHalted();
    assert.equal(subscription.stats().inFlight, 0);
  });
};
