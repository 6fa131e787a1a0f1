/** `onExhausted: 'park'`: a failed event and the later ones of its key wait in the dead-letter topic until they are redriven. */
import assert from 'node:assert/strict';
import {
  ConfigError,
  type DeadLetter,
  type EventBus,
  InMemoryMetricsCollector,
  type Subscription,
  UnsupportedError,
} from '@ebus/core';
import { ordering, parking } from '../requirements.js';
import type { Group } from '../suite.js';
import { idsOf, parked, publish, Service, waiting } from '../test-kit/parking.js';

/** Parked keys stay parked over restarts and members, and come back in order. */
export const parkedKeys: Group = ({ testWhere }) => {
  testWhere(
    parking,
    'later events of a failed one wait behind it, other keys go on, newer ones come last',
    async (t) => {
      const metrics = new InMemoryMetricsCollector();
      const bus = await t.bus({ createOptions: { metrics } });
      const service = new Service();
      service.broken.add('a#2');
      const subscription = await bus.subscribeEnvelope(t.topic, service.handle, parked);
      for (const sequence of [1, 2, 3]) {
        await publish(bus, t, 'a', sequence);
        await publish(bus, t, 'b', sequence);
      }
      await waiting(t, bus, 2, 3);
      await t.eventually(() => service.of('b').length === 3);
      assert.deepEqual(service.of('a'), ['a#1']);
      assert.equal(subscription.stats().parked, 1);
      await t.eventually(() => metrics.get('parked_keys', t.topic) === 1, 'the parked key is told');
      const [first, second] = await bus.deadLetters.list(t.topic, { key: 'a' });
      assert.deepEqual([first?.errorMessage, first?.attempts, first?.parkedKey], ['a#2 is broken', 1, 'a']);
      assert.deepEqual([second?.errorCode, second?.attempts, second?.parkedKey], ['PARKED', 0, 'a']);
      assert.equal(first?.message.key, 'a');

      service.broken.clear();
      const stuck = t.gate();
      service.gates.set('a#2', stuck);
      const redriving = bus.deadLetters.redrive(t.topic, { key: 'a' });
      await t.eventually(() => service.started.filter((label) => label === 'a#2').length === 2);
      await publish(bus, t, 'a', 4);
      stuck.resolve();
      assert.deepEqual(await redriving, { redriven: 2, left: 0, total: 2, failed: [] });
      await t.eventually(() => service.of('a').length === 4);
      assert.deepEqual(service.of('a'), ['a#1', 'a#2', 'a#3', 'a#4']);
      assert.equal(subscription.stats().parked, 0);
      await t.eventually(() => metrics.get('parked_keys', t.topic) === 0, 'its release is told');
      await waiting(t, bus);
    },
  );

  testWhere(parking, 'the key of a dead letter can be parked by hand', async (t) => {
    const bus = await t.bus();
    const service = new Service();
    service.broken.add('a#1');
    const before = await bus.subscribeEnvelope(t.topic, service.handle, { maxRetries: 0 });
    await publish(bus, t, 'a', 1);
    await t.eventually(() => before.stats().deadLettered === 1);
    const [letter] = await bus.deadLetters.list(t.topic);
    assert.ok(letter);
    await assert.rejects(bus.deadLetters.park(t.topic, letter), (error) =>
      UnsupportedError.isInstance(error),
    );
    const [again] = await bus.deadLetters.list(t.topic);
    assert.ok(again);
    assert.equal(again.parkedKey, undefined);
    await before.close();

    const subscription = await bus.subscribeEnvelope(t.topic, service.handle, parked);
    assert.equal(await bus.deadLetters.park(t.topic, again), true);
    assert.equal(await bus.deadLetters.park(t.topic, again), false, 'it is gone');
    await t.eventually(() => subscription.stats().parked === 1);
    await publish(bus, t, 'a', 2);
    await publish(bus, t, 'b', 1);
    await waiting(t, bus, 1, 2);
    await t.eventually(() => service.of('b').length === 1);
    const [key] = await bus.deadLetters.keys(t.topic);
    assert.deepEqual([key?.key, key?.letters, key?.errorMessage], ['a', 2, 'parked by hand']);
    assert.deepEqual(service.of('a'), []);
    service.broken.clear();
    await bus.deadLetters.redrive(t.topic, { key: 'a' });
    await t.eventually(() => service.of('a').length === 2);
    assert.deepEqual(service.of('a'), ['a#1', 'a#2']);
    await waiting(t, bus);
  });

  testWhere(parking, 'the next instance reads from the topic which keys are parked', async (t) => {
    const before = await t.bus();
    const service = new Service();
    service.broken.add('a#1');
    const subscription = await before.subscribeEnvelope(t.topic, service.handle, parked);
    await publish(before, t, 'a', 1, 2);
    await t.eventually(() => subscription.stats().deadLettered === 2);
    await before.close();

    service.broken.clear();
    const after = await t.bus();
    await after.subscribeEnvelope(t.topic, service.handle, parked);
    await publish(after, t, 'a', 3);
    await publish(after, t, 'b', 1);
    await t.eventually(() => service.of('b').length === 1);
    await waiting(t, after, 1, 2, 3);
    assert.deepEqual(service.of('a'), []);
    // From a service that handles nothing.
    const console = await t.bus();
    assert.equal((await console.deadLetters.redrive(t.topic)).redriven, 3);
    assert.deepEqual(service.of('a'), ['a#1', 'a#2', 'a#3']);
  });

  testWhere(parking, 'a member that takes over keeps what another has parked', async (t) => {
    const service = new Service();
    service.broken.add('a#1');
    const members = [await t.bus(), await t.bus()];
    const subscriptions: Subscription[] = [];
    for (const bus of members)
      subscriptions.push(await bus.subscribeEnvelope(t.topic, service.handle, parked));
    const [one, two] = members as [EventBus, EventBus];
    await publish(one, t, 'a', 1, 2);
    await t.eventually(() => subscriptions.some((subscription) => subscription.stats().deadLettered === 2));
    const wasFirst = subscriptions[0]?.stats().deadLettered === 2;
    const [gone, left] = wasFirst ? [one, two] : [two, one];
    await gone.close();
    service.broken.clear();
    await publish(left, t, 'a', 3);
    await publish(left, t, 'b', 1);
    await t.eventually(() => service.of('b').length === 1);
    await waiting(t, left, 1, 2, 3);
    assert.deepEqual(service.of('a'), []);
    assert.equal((await left.deadLetters.redrive(t.topic, { key: 'a' })).redriven, 3);
    await publish(left, t, 'a', 4);
    await t.eventually(() => service.of('a').length === 4);
    assert.deepEqual(service.of('a'), ['a#1', 'a#2', 'a#3', 'a#4']);
  });

  testWhere(parking, 'what fails again stays parked, with those behind it', async (t) => {
    const bus = await t.bus();
    const service = new Service();
    for (const label of ['a#1', 'a#2']) service.broken.add(label);
    const subscription = await bus.subscribeEnvelope(t.topic, service.handle, parked);
    await publish(bus, t, 'a', 1, 2, 3);
    await waiting(t, bus, 1, 2, 3);
    service.broken.delete('a#1');
    const report = await bus.deadLetters.redrive(t.topic, { key: 'a' });
    assert.deepEqual([report.redriven, report.left, report.failed.length], [1, 2, 1]);
    assert.match(report.failed[0]?.reason ?? '', /a#2 is broken/);
    await publish(bus, t, 'a', 4);
    await waiting(t, bus, 2, 3, 4);
    assert.equal(subscription.stats().parked, 1);
    service.broken.clear();
    assert.equal((await bus.deadLetters.redrive(t.topic, { key: 'a' })).redriven, 3);
    assert.deepEqual(service.of('a'), ['a#1', 'a#2', 'a#3', 'a#4']);
  });

  testWhere(
    parking,
    'a redrive that ends with its instance goes on with the next one, in order',
    async (t) => {
      const before = await t.bus();
      const service = new Service();
      service.broken.add('a#1');
      const subscription = await before.subscribeEnvelope(t.topic, service.handle, parked);
      await publish(before, t, 'a', 1, 2, 3);
      await t.eventually(() => subscription.stats().deadLettered === 3);
      service.broken.clear();
      const stuck = t.gate();
      service.gates.set('a#2', stuck);
      const console = await t.bus();
      const redriving = console.deadLetters.redrive(t.topic, { key: 'a' });
      await t.eventually(() => service.started.includes('a#2'));
      // Long enough to hand back what is unsettled, on a busy machine too.
      await before.close({ timeout: 1_500 });
      service.gates.clear();
      const cut = service.handled.length;
      service.broken.add('a#2');
      stuck.resolve();
      service.broken.clear();
      const after = await t.bus();
      await publish(after, t, 'a', 4);
      await after.subscribeEnvelope(t.topic, service.handle, parked);
      await redriving;
      await t.eventually(() => service.handled.at(-1) === 'a#4');
      assert.deepEqual(service.of('a').slice(-3), ['a#2', 'a#3', 'a#4']);
      assert.equal(cut, 1);
    },
  );

  testWhere(parking, 'keys, criteria, dryRun and delete', async (t) => {
    const bus = await t.bus();
    const service = new Service();
    for (const label of ['a#1', 'b#1']) service.broken.add(label);
    const subscription = await bus.subscribeEnvelope(t.topic, service.handle, parked);
    await publish(bus, t, 'a', 1, 2, 3);
    await waiting(t, bus, 1, 2, 3);
    await publish(bus, t, 'b', 1);
    await waiting(t, bus, 1, 2, 3, 1);
    const { group } = subscription;
    const keys = await bus.deadLetters.keys(t.topic);
    const common = { topic: t.topic, group, errorCode: 'HANDLER_FAILED' };
    assert.deepEqual(
      keys.map(({ since, ...rest }) => ({ ...rest, since: since instanceof Date })),
      [
        { ...common, key: 'a', letters: 3, errorMessage: 'a#1 is broken', since: true },
        { ...common, key: 'b', letters: 1, errorMessage: 'b#1 is broken', since: true },
      ],
    );
    const list = async (criteria: Parameters<typeof bus.deadLetters.list>[1]) =>
      idsOf(await bus.deadLetters.list(t.topic, criteria));
    assert.deepEqual(await list({ errorCode: 'PARKED' }), [2, 3]);
    assert.deepEqual(await list({ aggregateId: 'b', eventType: 'OrderChanged' }), [1]);
    assert.deepEqual(await list({ failedBefore: new Date(Date.now() + 60_000), limit: 2 }), [1, 2]);
    const one: DeadLetter[] = [];
    for await (const letter of bus.deadLetters.browse(t.topic, { key: 'a', limit: 2 })) one.push(letter);
    assert.deepEqual(idsOf(one), [1, 2]);
    const dry = await bus.deadLetters.redrive(t.topic, { dryRun: true, key: 'a' });
    assert.deepEqual(dry, { redriven: 3, left: 1, total: 4, failed: [] });

    const [, second] = await bus.deadLetters.list(t.topic, { key: 'a' });
    assert.ok(second);
    assert.equal(await bus.deadLetters.delete(t.topic, second), true);
    service.broken.clear();
    assert.equal((await bus.deadLetters.redrive(t.topic, { key: 'a' })).redriven, 2);
    assert.deepEqual(service.of('a'), ['a#1', 'a#3']);
    // The last letter of a key: nothing is left to wait for.
    const [last] = await bus.deadLetters.list(t.topic);
    assert.ok(last);
    assert.equal(await bus.deadLetters.delete(t.topic, last), true);
    await publish(bus, t, 'b', 2);
    await t.eventually(() => service.of('b').length === 1);
    assert.deepEqual(service.of('b'), ['b#2']);
  });

  testWhere(parking, 'beyond maxParkedKeys a key is halted instead', async (t) => {
    const bus = await t.bus();
    const service = new Service();
    for (const label of ['a#1', 'b#1']) service.broken.add(label);
    const how = { ...parked, maxParkedKeys: 1 };
    const subscription = await bus.subscribeEnvelope(t.topic, service.handle, how);
    await publish(bus, t, 'a', 1);
    await t.eventually(() => subscription.stats().parked === 1);
    await publish(bus, t, 'b', 1, 2);
    await publish(bus, t, 'c', 1);
    await t.eventually(() => subscription.stats().halted === 1 && service.of('c').length === 1);
    assert.equal(subscription.stats().deadLettered, 1);
    service.broken.clear();
    subscription.retryHalted('b');
    await t.eventually(() => service.of('b').length === 2);
    assert.deepEqual(service.of('b'), ['b#1', 'b#2']);
  });

  testWhere(
    ordering,
    'is refused where there is no order of keys, or where the transport cannot',
    async (t) => {
      const bus = await t.bus();
      await assert.rejects(
        bus.subscribe(t.topic, () => {}, { onExhausted: 'park' }),
        ConfigError,
      );
      const limit = { maxParkedKeys: 5 };
      await assert.rejects(
        bus.subscribeEnvelope(t.topic, () => {}, limit),
        ConfigError,
      );
      const capabilities = bus.capabilities(t.persistence);
      if (capabilities.parking === true) {
        const within = { ...parked, ordering: 'instance' } as const;
        await assert.rejects(
          bus.subscribeEnvelope(t.topic, () => {}, within),
          ConfigError,
        );
      } else {
        await assert.rejects(
          bus.subscribeEnvelope(t.topic, () => {}, parked),
          UnsupportedError,
        );
      }
    },
  );
};
