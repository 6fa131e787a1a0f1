/** Metrics: a known workload gives exactly these figures, on every transport. */
import assert from 'node:assert/strict';
import { InMemoryMetricsCollector, PermanentError } from '@ebus/core';
import { restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';

/** Counters and histograms match a known workload exactly. */
export const metrics: Group = ({ test, testWhere }) => {
  test('count what was published and handled, by topic', async (t) => {
    const collector = new InMemoryMetricsCollector();
    const bus = await t.bus({ createOptions: { metrics: collector } });
    const other = t.newTopic();
    let handled = 0;
    await bus.subscribeEnvelope(t.topic, () => void handled++);
    for (let sequence = 1; sequence <= 7; sequence++)
      await bus.publishEnvelope(t.topic, event('order-1', sequence));
    await assert.rejects(bus.publish(t.topic, 'late', { signal: AbortSignal.abort() }));
    await t.eventually(() => handled === 7);
    await bus.idle();
    const figures = (name: string) =>
      ['total', 'success', 'failed'].map((outcome) => collector.get(`${name}_${outcome}`, t.topic));
    assert.deepEqual(
      [figures('publish'), figures('consume')],
      [
        [7, 7, 0],
        [7, 7, 0],
      ],
    );
    assert.ok(collector.get('publish_latency', t.topic) > 0 && collector.get('consume_latency', t.topic) > 0);
    assert.equal(collector.get('in_flight', t.topic), 0);
    assert.equal(collector.get('publish_total', other), 0);
    assert.deepEqual([collector.get('connected'), collector.get('errors')], [1, 0]);
  });

  testWhere(restartable, 'count attempts, retries and dead letters', async (t) => {
    const collector = new InMemoryMetricsCollector();
    const bus = await t.bus({ createOptions: { metrics: collector } });
    await bus.subscribeEnvelope<{ sequence: number }>(
      t.topic,
      ({ payload }, { attempt }) => {
        if (payload.sequence === 1 && attempt <= 2) throw new Error('not yet');
        if (payload.sequence === 2) throw new PermanentError('never');
      },
      { maxRetries: 3 },
    );
    for (const sequence of [1, 2, 3])
      await bus.publishEnvelope(t.topic, event(`order-${sequence}`, sequence));
    await t.eventually(() => collector.get('dead_letters', t.topic) === 1);
    await t.eventually(() => collector.get('consume_success', t.topic) === 2);
    await bus.idle();
    const of = (name: string) => collector.get(name, t.topic);
    assert.deepEqual(
      {
        attempts: of('consume_total'),
        failed: of('consume_failed'),
        retries: of('retries'),
        letters: of('dead_letters'),
      },
      { attempts: 5, failed: 3, retries: 2, letters: 1 },
    );
    assert.deepEqual([of('errors_by_topic'), collector.get('errors', 'handler')], [3, 3]);
    assert.equal(collector.get('publish_success', `${t.topic}.dlq`), 1);
  });

  testWhere(restartable, 'tell of halted keys until they are released', async (t) => {
    const collector = new InMemoryMetricsCollector();
    const bus = await t.bus({ createOptions: { metrics: collector } });
    let isMended = false;
    const subscription = await bus.subscribeEnvelope(
      t.topic,
      () => {
        if (!isMended) throw new PermanentError('not yet');
      },
      { onExhausted: 'halt' },
    );
    await bus.publishEnvelope(t.topic, event('order-1', 1));
    await t.eventually(() => collector.get('halted', t.topic) === 1, 'it is told');
    isMended = true;
    subscription.retryHalted();
    await t.eventually(() => collector.get('halted', t.topic) === 0, 'its release is told');
  });
};
