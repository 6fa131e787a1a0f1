/** Health: probes over the broker, and a report that tells a consumer at work from one that is stuck. */
import assert from 'node:assert/strict';
import type { CommonConfig, EventBus, HealthAlert, HealthReport } from '@ebus/core';
import type { Group } from '../suite.js';
import { event, interleaved } from '../test-kit/events.js';
import { uniqueName } from '../test-kit/unique-name.js';

function probing(topic: string): CommonConfig {
  return {
    healthCheck: {
      publisher: { topic, interval: '200ms', timeout: '5s' },
      subscriber: {
        topic,
        monitorInterval: '50ms',
        expectedInterval: '300ms',
        warningThreshold: 2,
        errorThreshold: 3,
        criticalThreshold: 4,
      },
    },
  };
}

const checkOf = ({ checks }: HealthReport, name: string) => checks.find((check) => check.name === name);

async function reasonOf(bus: EventBus): Promise<string> {
  return checkOf(await bus.health.report(), 'consumers')?.reason ?? '';
}

/** Probes and reports tell a working consumer from a stuck one. */
export const health: Group = ({ test }) => {
  test('a bus is healthy and ready while it is idle, and not once it closes', async (t) => {
    const bus = await t.bus();
    const report = await bus.health.report();
    assert.deepEqual([report.status, report.ready, report.draining], ['healthy', true, false]);
    assert.equal(report.eventBus.connectionStatus, 'connected');
    assert.equal(typeof checkOf(report, 'connection')?.details?.roundTripMs, 'number');
    const running = t.gate();
    const subscription = await bus.subscribe(t.topic, () => running.promise);
    await bus.publish(t.topic, 'hello');
    await t.eventually(() => subscription.stats().running === 1);
    const closing = bus.close();
    const draining = await bus.health.report();
    assert.deepEqual([draining.status, draining.ready, draining.draining], ['healthy', false, true]);
    running.resolve();
    await closing;
    const closed = await bus.health.report();
    assert.deepEqual([closed.status, closed.ready, closed.draining], ['unhealthy', false, true]);
  });

  test('probes are acknowledged, and come back', async (t) => {
    const bus = await t.bus({ config: probing(uniqueName('probes')) });
    await bus.health.subscriber.start();
    await bus.health.publisher.start();
    await t.eventually(() => bus.health.subscriber.stats().received >= 3);
    const { lastSource, rejected, healthy } = bus.health.subscriber.stats();
    assert.deepEqual([lastSource, healthy], [t.service, true]);
    assert.deepEqual(rejected, { malformed: 0, foreign: 0, expired: 0, future: 0 });
    assert.deepEqual(
      [bus.health.publisher.status().consecutiveFailures, bus.metrics().healthCheckStatus],
      [0, 'healthy'],
    );
    const { eventBus } = await bus.health.report();
    assert.ok((eventBus.publishLatencyMs ?? -1) >= 0 && (eventBus.subscribeLatencyMs ?? -1) >= 0);
  });

  test('probes that stay away are told step by step, and their return; monitors start again', async (t) => {
    const topic = uniqueName('probes');
    const [watcher, sender] = [
      await t.bus({ config: probing(topic) }),
      await t.bus({ config: probing(topic) }),
    ];
    const alerts: HealthAlert[] = [];
    watcher.on('healthAlert', (alert) => void alerts.push(alert));
    for (let round = 1; round <= 2; round++) {
      alerts.length = 0;
      await watcher.health.subscriber.start();
      await t.eventually(() => alerts.length === 3);
      assert.deepEqual(
        alerts.map(({ severity, alertType }) => [severity, alertType]),
        [
          ['warning', 'no_messages'],
          ['error', 'no_messages'],
          ['critical', 'no_messages'],
        ],
      );
      assert.equal((await watcher.health.report()).status, 'unhealthy');
      await sender.health.publisher.start();
      await t.eventually(() => alerts.length === 4);
      assert.equal(alerts[3]?.severity, 'recovered');
      await sender.health.publisher.stop();
      await watcher.health.subscriber.stop();
      assert.equal((await watcher.health.report()).status, 'healthy');
    }
  });

  test('services that are watched and silent raise alerts, and leave their watcher ready', async (t) => {
    const topic = { own: uniqueName('probes'), up: uniqueName('probes'), down: uniqueName('probes') };
    const watch = { monitorInterval: '50ms', expectedInterval: '400ms' } as const;
    const publisher = { interval: '100ms', timeout: '5s' } as const;
    const sender = await t.bus({ config: { healthCheck: { publisher: { ...publisher, topic: topic.up } } } });
    const bus = await t.bus({
      config: {
        healthCheck: {
          publisher: { ...publisher, topic: topic.own },
          subscribers: [watch, { ...watch, topic: topic.up }, { ...watch, topic: topic.down }],
        },
      },
    });
    const alerts = new Set<string>();
    bus.on('healthAlert', (alert) => void alerts.add(`${alert.topic} ${alert.severity}`));
    await Promise.all(bus.health.subscribers.map((watcher) => watcher.start()));
    await Promise.all([sender.health.publisher.start(), bus.health.publisher.start()]);
    await t.eventually(() => alerts.has(`${topic.down} critical`));
    await t.eventually(async () => {
      const [own, up, down] = bus.health.subscribers.map((watcher) => watcher.stats().healthy);
      return own === true && up === true && down === false;
    });
    const report = await bus.health.report();
    assert.deepEqual([report.status, report.ready], ['degraded', true]);
    assert.equal(checkOf(report, `subscriber ${topic.down}`)?.status, 'degraded');
  });

  test('a handler that never returns makes it unhealthy, and says which', async (t) => {
    const bus = await t.bus();
    const never = t.gate();
    await bus.subscribeEnvelope(t.topic, () => never.promise, { processingTimeout: '100ms' });
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    await t.eventually(async () => (await reasonOf(bus)).includes(t.topic));
    const report = await bus.health.report();
    assert.deepEqual([report.status, report.eventBus.connectionStatus], ['unhealthy', 'connected']);
    never.resolve();
    await t.eventually(async () => (await bus.health.report()).status === 'healthy');
  });

  test('a consumer that works through a backlog, with failures, stays healthy', async (t) => {
    const bus = await t.bus({ config: { healthCheck: { report: { stalledAfter: '2s' } } } });
    const statuses = new Set<string>();
    const handle = async ({ sequence }: { sequence: number }, attempt: number) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (sequence % 10 === 0 && attempt === 1) throw new Error('again');
    };
    const subscription = await bus.subscribeEnvelope<{ sequence: number }>(
      t.topic,
      ({ payload }, { attempt }) => handle(payload, attempt),
    );
    await bus.publishEnvelopes(t.topic, interleaved(5, 40));
    await t.eventually(async () => {
      statuses.add((await bus.health.report()).status);
      return subscription.stats().handled >= 200;
    });
    assert.deepEqual([...statuses], ['healthy']);
  });
};
