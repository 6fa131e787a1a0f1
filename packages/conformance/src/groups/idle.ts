/** `bus.idle`: what this bus published is handled. */
import assert from 'node:assert/strict';
import { EbusError } from '@ebus/core';
import { declares } from '../requirements.js';
import type { Group } from '../suite.js';
import { event, interleaved } from '../test-kit/events.js';

const ROUNDS = 150;

const isLate = (error: unknown) => EbusError.isInstance(error) && error.code === 'IDLE_TIMEOUT';

/** `bus.idle()` resolves once every group of the bus has settled all that the bus published. */
export const idle: Group = ({ test, testWhere }) => {
  test('it resolves once what was published is handled, round after round', async (t) => {
    const bus = await t.bus();
    let handled = 0;
    let published = 0;
    await bus.subscribeEnvelope(t.topic, async () => {
      // Long enough for a settlement to be under way when the next one is asked for.
      await new Promise((resolve) => setTimeout(resolve, 1));
      handled++;
    });
    for (let round = 0; round < ROUNDS; round++) {
      for (let n = 0; n <= round % 3; n++)
        await bus.publishEnvelope(t.topic, event(`order-${n}`, ++published));
      await bus.idle();
      assert.equal(handled, published, `round ${round}`);
    }
  });

  test('every group of the bus, and what handlers publish in turn, is waited for', async (t) => {
    const next = t.newTopic();
    const bus = await t.bus();
    const handled = { first: 0, second: 0, next: 0 };
    await bus.subscribeEnvelope(t.topic, async ({ aggregateId }) => {
      await bus.publishEnvelope(next, event(aggregateId, 1));
      handled.first++;
    });
    await bus.subscribe(t.topic, () => void handled.second++, { group: `${t.service}-second` });
    await bus.subscribeEnvelope(next, () => void handled.next++);
    await bus.publishEnvelopes(t.topic, interleaved(5, 4));
    await bus.idle({ timeout: '1m' });
    assert.deepEqual(handled, { first: 20, second: 20, next: 20 });
  });

  test('topics that it does not subscribe to, and a bus without any, are not waited for', async (t) => {
    const bus = await t.bus();
    await bus.idle({ timeout: '1m' });
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    await bus.idle({ timeout: '1m' });
  });

  test('it rejects at its timeout, naming who is busy', async (t) => {
    const bus = await t.bus();
    const gate = t.gate();
    await bus.subscribeEnvelope(t.topic, () => gate.promise);
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    await assert.rejects(
      bus.idle({ timeout: 300 }),
      (error) => isLate(error) && String(error).includes(t.topic),
    );
    gate.resolve();
    await bus.idle();
  });

  test('it names a key that is halted', async (t) => {
    const bus = await t.bus();
    const subscription = await bus.subscribeEnvelope(t.topic, () => Promise.reject(new Error('no')), {
      maxRetries: 0,
      onExhausted: 'halt',
    });
    await bus.publishEnvelope(t.topic, event('order-7', 1));
    await t.eventually(() => subscription.stats().halted === 1);
    await assert.rejects(bus.idle({ timeout: 50 }), (error) => {
      assert.ok(isLate(error));
      assert.match(String(error), /halted: 'order-7'/);
      assert.ok(String(error).includes(`${t.topic} (group ${subscription.group})`));
      return true;
    });
    await subscription.skipHalted();
    await bus.idle();
  });

  testWhere(
    declares('lag', true),
    'it waits for what a paused subscription has to handle, and says so',
    async (t) => {
      const bus = await t.bus();
      let handled = 0;
      const subscription = await bus.subscribe(t.topic, () => void handled++);
      subscription.pause();
      await bus.publish(t.topic, 'hello');
      await assert.rejects(
        bus.idle({ timeout: 300 }),
        (error) => isLate(error) && /it is paused/.test(String(error)),
      );
      subscription.resume();
      await bus.idle();
      assert.equal(handled, 1);
    },
  );

  testWhere(
    declares('lag', true),
    'what other members of the group handle is waited for as well',
    async (t) => {
      const [one, two] = [await t.bus(), await t.bus()];
      let handled = 0;
      const handler = async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        handled++;
      };
      await one.subscribe(t.topic, handler, { concurrency: 2 });
      await two.subscribe(t.topic, handler, { concurrency: 2 });
      await one.publishEnvelopes(t.topic, interleaved(10, 5));
      await one.idle({ timeout: '1m' });
      assert.equal(handled, 50);
    },
  );

  test('its signal gives it up, and wrong options are refused', async (t) => {
    const bus = await t.bus();
    const gate = t.gate();
    await bus.subscribe(t.topic, () => gate.promise);
    await bus.publish(t.topic, 'hello');
    const abort = new AbortController();
    const waiting = bus.idle({ signal: abort.signal });
    abort.abort();
    await assert.rejects(waiting, (error) => EbusError.isInstance(error) && error.code === 'ABORTED');
    await assert.rejects(bus.idle({ timeout: 'soon' } as never), /timeout/);
    await assert.rejects(bus.idle({ timeOut: 5 } as never), /timeout/);
  });
};
