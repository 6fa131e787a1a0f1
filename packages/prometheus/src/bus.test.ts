/** On a real bus: a known workload, and exactly the figures that it has to come to. */
import { createEventBus, type EventBus, PermanentError } from '@ebus/core';
import { memory } from '@ebus/memory';
import { Registry, register } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { PrometheusMetricsCollector } from './collector.js';
import { prometheus } from './plugin.js';
import { figuresOf, samplesOf } from './testing/exposition.js';

const quick = { retryBackoff: { base: 1, max: 1 } };
const event = (aggregateId: string, eventVersion: number) => ({
  aggregateId,
  eventType: 'OrderPlaced',
  eventVersion,
  payload: {},
});

async function exposed(bus: EventBus): Promise<string> {
  const exposition = await bus.exposeMetrics();
  expect(exposition?.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  return exposition?.body ?? '';
}

/**
 * 20 events of 4 aggregates. The first of each aggregate fails once and then succeeds; those of `poison` are refused
 * for good; 3 publishes fail.
 */
async function workload(bus: EventBus): Promise<void> {
  const failed = new Set<string>();
  await bus.subscribeEnvelope(
    'orders',
    ({ aggregateId }) => {
      if (aggregateId === 'poison') throw new PermanentError('never');
      if (failed.has(aggregateId)) return;
      failed.add(aggregateId);
      throw new Error('not yet');
    },
    quick,
  );
  await bus.subscribe('bills', () => Promise.reject(new Error('always')), { ...quick, maxRetries: 2 });

  for (const aggregateId of ['a', 'b', 'c', 'poison']) {
    for (let version = 1; version <= 5; version++) {
      await bus.publishEnvelope('orders', event(aggregateId, version));
    }
  }
  await bus.publish('bills', 'one');
  bus.use({
    publish: (message, next) =>
      message.topic === 'refused' ? Promise.reject(new Error('not here')) : next(),
  });
  for (let i = 0; i < 3; i++) await expect(bus.publish('refused', 'x')).rejects.toThrow('not here');
  await bus.idle();
}

/** What that comes to. Dead letters are published: 5 for poison, 1 for bills. */
const expected = {
  'publish_total{topic="orders"}': 20,
  'publish_success_total{topic="orders"}': 20,
  'publish_failed_total{topic="orders"}': 0,
  'publish_total{topic="bills"}': 1,
  'publish_success_total{topic="bills"}': 1,
  'publish_failed_total{topic="bills"}': 0,
  'publish_total{topic="refused"}': 3,
  'publish_success_total{topic="refused"}': 0,
  'publish_failed_total{topic="refused"}': 3,
  'publish_total{topic="orders.dlq"}': 5,
  'publish_success_total{topic="orders.dlq"}': 5,
  'publish_failed_total{topic="orders.dlq"}': 0,
  'publish_total{topic="bills.dlq"}': 1,
  'publish_success_total{topic="bills.dlq"}': 1,
  'publish_failed_total{topic="bills.dlq"}': 0,
  // 15 succeed, 3 of them at the second attempt; 5 are refused at the first one.
  'consume_total{topic="orders"}': 23,
  'consume_success_total{topic="orders"}': 15,
  'consume_failed_total{topic="orders"}': 8,
  'consume_total{topic="bills"}': 3,
  'consume_success_total{topic="bills"}': 0,
  'consume_failed_total{topic="bills"}': 3,
  'retries_total{topic="orders"}': 3,
  'retries_total{topic="bills"}': 2,
  'dead_letters_total{topic="orders"}': 5,
  'dead_letters_total{topic="bills"}': 1,
  'errors_total{error_type="handler"}': 11,
  'errors_total{error_type="PUBLISH_FAILED"}': 3,
  'errors_by_topic_total{topic="orders"}': 8,
  'errors_by_topic_total{topic="bills"}': 3,
  'errors_by_topic_total{topic="refused"}': 3,
  'in_flight{topic="orders"}': 0,
  'in_flight{topic="bills"}': 0,
  pool_queued: 0,
  pool_active_keys: 0,
  connected: 1,
  reconnect_total: 0,
  reconnect_success_total: 0,
  reconnect_failed_total: 0,
  health_check_total: 0,
  health_check_healthy_total: 0,
  health_check_unhealthy_total: 0,
};

afterEach(() => register.clear());

describe('a scrape after a known workload gives exactly these figures', () => {
  it('from a collector that is passed in code, with a registry of its own', async () => {
    const metrics = new PrometheusMetricsCollector({ register: new Registry() });
    await using bus = await createEventBus({ type: 'memory' }, { plugins: [memory], metrics });
    await workload(bus);
    const text = await exposed(bus);
    expect(figuresOf(text)).toEqual(expected);
    const samples = samplesOf(text);
    for (const [topic, count] of [
      ['orders', 20],
      ['refused', 3],
    ]) {
      const series = `ebus_eventbus_publish_latency_seconds_count{topic="${topic}"}`;
      expect(samples.get(series)).toBe(count);
    }
    expect(samples.get('ebus_eventbus_consume_latency_seconds_count{topic="orders"}')).toBe(23);
    expect(samples.get('ebus_eventbus_consume_latency_seconds_bucket{le="+Inf",topic="bills"}')).toBe(3);
    expect(await register.metrics()).toBe('\n');
  });

  it('from one that the configuration names, in the registry that the service exposes', async () => {
    const metrics = { enabled: true, type: 'prometheus', namespace: 'shop' };
    const config = { type: 'memory', metrics } as const;
    const bus = await createEventBus(config, { plugins: [memory, prometheus] });
    await workload(bus);
    expect(figuresOf(await register.metrics(), 'shop_eventbus_')).toEqual(expected);
    expect(await exposed(bus)).toBe(await register.metrics());
    await bus.close();
    expect(samplesOf(await register.metrics()).get('shop_eventbus_publish_total{topic="orders"}')).toBe(20);
    expect(samplesOf(await register.metrics()).has('shop_eventbus_connected')).toBe(false);
  });

  it('from two buses of one process, added up', async () => {
    const config = { type: 'memory', metrics: { enabled: true } } as const;
    await using one = await createEventBus(config, { plugins: [memory, prometheus] });
    await using two = await createEventBus(config, { plugins: [memory, prometheus] });
    await one.publish('orders', 'a');
    await two.publish('orders', 'b');
    expect(figuresOf(await exposed(one))).toMatchObject({
      'publish_success_total{topic="orders"}': 2,
      connected: 1,
    });
  });
});

it('a collector that throws does not disturb the bus', async () => {
  class Broken extends PrometheusMetricsCollector {
    override recordPublish(): never {
      throw new Error('broken');
    }
  }
  const metrics = new Broken({ register: new Registry() });
  const logged: unknown[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (...args: unknown[]) => logged.push(args[1]) };
  await using bus = await createEventBus({ type: 'memory' }, { plugins: [memory], metrics, logger });
  const texts: string[] = [];
  await bus.subscribe('orders', (message) => void texts.push(message.text()));
  await bus.publish('orders', 'a');
  await bus.publish('orders', 'b');
  await bus.idle();
  expect(texts).toEqual(['a', 'b']);
  expect(figuresOf(await exposed(bus))).toMatchObject({ 'consume_success_total{topic="orders"}': 2 });
  expect(logged).toEqual(['the metrics collector throws; figures are incomplete']);
});

describe('the configuration of metrics', () => {
  const create = (metrics: object) =>
    createEventBus(
      { type: 'memory', metrics: { enabled: true, ...metrics } },
      { plugins: [memory, prometheus] },
    );

  it.each([
    [{ namespace: 'my-shop' }, "metrics.namespace: must consist of letters, digits and '_'"],
    [{ exportEndpoint: 'pushgateway:9091' }, 'metrics.exportEndpoint: must be the URL of a Pushgateway'],
    [{ exportEndpoint: 'http://a', collectInterval: 0 }, 'metrics.collectInterval: must be above 0'],
  ])('is checked before anything is made: %j', async (metrics, problem) => {
    await expect(create(metrics)).rejects.toThrow(problem);
    expect(await register.metrics()).toBe('\n');
  });

  it('does not show the login of an endpoint', async () => {
    const error: unknown = await create({ exportEndpoint: 'htp://me:hunter2@gate' }).catch((it) => it);
    expect(String(error)).toContain('metrics.exportEndpoint');
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2');
  });

  it('has the defaults that the collector has', () => {
    expect(prometheus.config.parse({})).toEqual({ namespace: 'ebus', collectInterval: 30_000 });
  });
});
