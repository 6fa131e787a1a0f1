import { expect, it } from 'vitest';
import { bounded, MAX_TOPIC_LABELS } from './bounded.js';
import { InMemoryMetricsCollector } from './in-memory.js';

const TOPICS = 10_000;
const topics = Array.from({ length: TOPICS }, (_, i) => `topic-${i}`);

function labelled() {
  const inner = new InMemoryMetricsCollector();
  return { inner, metrics: bounded(inner) };
}

it('tells collectors of 200 topics by name, and of all the others together', () => {
  const { inner, metrics } = labelled();
  for (const topic of topics) {
    metrics.recordPublish(topic, true, 0.5);
    metrics.recordPublishBatch?.(topic, 2, false, 0);
    metrics.recordConsume(topic, true, 0);
    metrics.recordConsumeBatch?.(topic, 2, true, 0);
    metrics.recordRetry(topic);
    metrics.recordDeadLetter(topic);
    metrics.recordDuplicate?.(topic);
    metrics.recordSkipped?.(topic);
    metrics.recordError('handler', topic);
    metrics.recordInFlight(topic, 1);
    metrics.recordHalted?.(topic, 1);
    metrics.recordParked?.(topic, 2);
    metrics.recordBacklog(topic, 3);
    metrics.recordBacklogState(topic, topic === 'topic-9999' ? 2 : 1);
  }
  for (const [key, { byLabel }] of inner.all()) {
    if (key === 'errors') continue;
    expect(byLabel.size, key).toBe(MAX_TOPIC_LABELS + 1);
    expect(byLabel.has('topic-0') && byLabel.has('other'), key).toBe(true);
  }
  const others = TOPICS - MAX_TOPIC_LABELS;
  expect(inner.get('publish_total')).toBe(3 * TOPICS);
  expect(inner.get('publish_success', 'other')).toBe(others);
  expect(inner.get('errors', 'handler')).toBe(TOPICS);
  expect(inner.get('errors_by_topic', 'other')).toBe(others);
  expect(inner.get('in_flight', 'other')).toBe(others);
  expect([inner.get('halted', 'other'), inner.get('parked_keys', 'other')]).toEqual([others, 2 * others]);
  expect(inner.get('backlog', 'other')).toBe(3 * others);
  expect(inner.get('backlog_state', 'other')).toBe(2);
});

it('keeps a shared gauge at the sum, and a shared state at the worst, as topics go up and down', () => {
  const inner = new InMemoryMetricsCollector();
  const metrics = bounded(inner, 1);
  metrics.recordInFlight('named', 7);
  metrics.recordInFlight('b', 2);
  metrics.recordInFlight('c', 3);
  metrics.recordInFlight('b', 0);
  metrics.recordBacklogState('b', 2);
  metrics.recordBacklogState('c', 1);
  metrics.recordBacklogState('b', 0);
  expect([inner.get('in_flight', 'named'), inner.get('in_flight', 'other')]).toEqual([7, 3]);
  expect(inner.get('backlog_state', 'other')).toBe(1);
});

it('hands on what has no topic', () => {
  const { inner, metrics } = labelled();
  metrics.recordConnection(true);
  metrics.recordReconnect(true, 1);
  metrics.recordHealthCheck(false, 1);
  metrics.recordPool({ queued: 1, activeKeys: 2 });
  metrics.recordError('receive');
  expect(inner.get('connected')).toBe(1);
  expect(inner.get('reconnect_success')).toBe(1);
  expect(inner.get('health_check_unhealthy')).toBe(1);
  expect(inner.get('pool_active_keys')).toBe(2);
  expect(inner.all().has('errors_by_topic')).toBe(false);
});
