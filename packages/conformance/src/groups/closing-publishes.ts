/** Publishing while the bus closes: what is flushed, what is refused from when on, what is reported. */
import assert from 'node:assert/strict';
import { BusClosedError, type CloseReport } from '@ebus/core';
import type { Group } from '../suite.js';
import { to, Wire } from '../test-kit/wire.js';

const nothing: CloseReport = { handled: 0, abandoned: 0, unpublished: 0, timedOut: false };

/** Closing flushes what was published, and refuses what comes once handlers have drained. */
export const closingPublishes: Group = ({ test }) => {
  test('publishes under way are flushed', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const release = wire.hold(to(t.topic));
    const publish = bus.publish(t.topic, 'hello');
    await t.eventually(() => wire.count('send', t.topic) === 1);
    const closing = bus.close();
    release();
    assert.deepEqual(await closing, nothing);
    assert.equal((await publish).topic, t.topic);
  });

  test('once handlers have drained, publishes are refused while the earlier ones are flushed', async (t) => {
    const other = t.newTopic();
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const release = wire.hold(to(t.topic));
    const publish = bus.publish(t.topic, 'hello');
    const closing = bus.close();
    const refused = (error: unknown) => BusClosedError.isInstance(error);
    await t.eventually(() => assert.rejects(bus.publish(other, 'too late'), refused));
    release();
    await publish;
    assert.deepEqual(await closing, nothing);
  });

  test('publishes not acknowledged in time are reported and reject', async (t) => {
    const wire = new Wire();
    const bus = await t.bus({ wire });
    const release = wire.hold(to(t.topic));
    const outcome = assert.rejects(bus.publish(t.topic, 'hello'), (error) =>
      BusClosedError.isInstance(error),
    );
    await t.eventually(() => wire.count('send', t.topic) === 1);
    assert.deepEqual(await bus.close({ timeout: 20 }), { ...nothing, unpublished: 1, timedOut: true });
    await outcome;
    release();
  });

  test('subscribing is refused from the beginning of the close, publishing only at its end', async (t) => {
    const other = t.newTopic();
    const bus = await t.bus();
    const running = t.gate();
    const subscription = await bus.subscribe(t.topic, () => running.promise);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().running === 1);
    const closing = bus.close();
    await assert.rejects(
      bus.subscribe(other, () => {}),
      (error) => BusClosedError.isInstance(error),
    );
    await bus.publish(other, 'still possible');
    running.resolve();
    await closing;
    await assert.rejects(bus.publish(other, 'too late'), (error) => BusClosedError.isInstance(error));
  });
};
