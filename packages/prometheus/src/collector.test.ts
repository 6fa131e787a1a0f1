import { ConfigError } from '@ebus/core';
import { Counter, type OpenMetricsContentType, Registry, register } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { PrometheusMetricsCollector, type PrometheusOptions } from './collector.js';
import { figuresOf, samplesOf, typesOf } from './testing/exposition.js';

/** A collector with a registry of its own. */
function collector(options: PrometheusOptions = {}) {
  return new PrometheusMetricsCollector({ register: new Registry(), ...options });
}

const scrape = async (metrics: PrometheusMetricsCollector) => (await metrics.expose()).body;

/** Everything that can be recorded, on one topic. */
function recordEverything(metrics: PrometheusMetricsCollector): void {
  metrics.recordPublish('orders', true, 0.004);
  metrics.recordPublish('orders', false, 2);
  metrics.recordPublishBatch('orders', 10, true, 0.02);
  metrics.recordConsume('orders', true, 0.0002);
  metrics.recordConsumeBatch('orders', 5, false, 100);
  metrics.recordConnection(true);
  metrics.recordReconnect(true, 1);
  metrics.recordReconnect(false, 1);
  metrics.recordBacklog('orders', 7);
  metrics.recordBacklogState('orders', 2);
  metrics.recordHealthCheck(true, 0.1);
  metrics.recordHealthCheck(false, 5);
  metrics.recordError('handler', 'orders');
  metrics.recordError('CONNECTION_FAILED');
  metrics.recordRetry('orders');
  metrics.recordDeadLetter('orders');
  metrics.recordDuplicate('orders');
  metrics.recordSkipped('orders');
  metrics.recordInFlight('orders', 3);
  metrics.recordPool({ queued: 4, activeKeys: 2 });
  metrics.recordHalted('orders', 1);
  metrics.recordParked('orders', 2);
}

describe('the collector', () => {
  it('has a metric for everything, under the names that dashboards know', async () => {
    const metrics = collector();
    recordEverything(metrics);
    const text = await scrape(metrics);
    expect(typesOf(text)).toEqual({
      ebus_eventbus_publish_total: 'counter',
      ebus_eventbus_publish_success_total: 'counter',
      ebus_eventbus_publish_failed_total: 'counter',
      ebus_eventbus_publish_latency_seconds: 'histogram',
      ebus_eventbus_consume_total: 'counter',
      ebus_eventbus_consume_success_total: 'counter',
      ebus_eventbus_consume_failed_total: 'counter',
      ebus_eventbus_consume_latency_seconds: 'histogram',
      ebus_eventbus_connected: 'gauge',
      ebus_eventbus_reconnect_total: 'counter',
      ebus_eventbus_reconnect_success_total: 'counter',
      ebus_eventbus_reconnect_failed_total: 'counter',
      ebus_eventbus_reconnect_latency_seconds: 'histogram',
      ebus_eventbus_backlog: 'gauge',
      ebus_eventbus_backlog_state: 'gauge',
      ebus_eventbus_health_check_total: 'counter',
      ebus_eventbus_health_check_healthy_total: 'counter',
      ebus_eventbus_health_check_unhealthy_total: 'counter',
      ebus_eventbus_health_check_latency_seconds: 'histogram',
      ebus_eventbus_errors_total: 'counter',
      ebus_eventbus_errors_by_topic_total: 'counter',
      ebus_eventbus_retries_total: 'counter',
      ebus_eventbus_dead_letters_total: 'counter',
      ebus_eventbus_duplicates_total: 'counter',
      ebus_eventbus_skipped_total: 'counter',
      ebus_eventbus_in_flight: 'gauge',
      ebus_eventbus_pool_queued: 'gauge',
      ebus_eventbus_pool_active_keys: 'gauge',
      ebus_eventbus_halted: 'gauge',
      ebus_eventbus_parked_keys: 'gauge',
    });
    expect(figuresOf(text)).toEqual({
      'publish_total{topic="orders"}': 12,
      'publish_success_total{topic="orders"}': 11,
      'publish_failed_total{topic="orders"}': 1,
      'consume_total{topic="orders"}': 6,
      'consume_success_total{topic="orders"}': 1,
      'consume_failed_total{topic="orders"}': 5,
      connected: 1,
      reconnect_total: 2,
      reconnect_success_total: 1,
      reconnect_failed_total: 1,
      'backlog{topic="orders"}': 7,
      'backlog_state{topic="orders"}': 2,
      health_check_total: 2,
      health_check_healthy_total: 1,
      health_check_unhealthy_total: 1,
      'errors_total{error_type="handler"}': 1,
      'errors_total{error_type="CONNECTION_FAILED"}': 1,
      'errors_by_topic_total{topic="orders"}': 1,
      'retries_total{topic="orders"}': 1,
      'dead_letters_total{topic="orders"}': 1,
      'duplicates_total{topic="orders"}': 1,
      'skipped_total{topic="orders"}': 1,
      'in_flight{topic="orders"}': 3,
      pool_queued: 4,
      pool_active_keys: 2,
      'halted{topic="orders"}': 1,
      'parked_keys{topic="orders"}': 2,
    });
  });

  it('puts durations into cumulative buckets, the bound included', async () => {
    const metrics = collector({ latencyBuckets: [0.001, 0.5, 2] });
    for (const seconds of [0.001, 0.0011, 0.5, 3, Number.NaN, -1]) {
      metrics.recordPublish('orders', true, seconds);
    }
    const samples = samplesOf(await scrape(metrics));
    const name = 'ebus_eventbus_publish_latency_seconds';
    const at = (le: string) => samples.get(`${name}_bucket{le="${le}",topic="orders"}`);
    expect([at('0.001'), at('0.5'), at('2'), at('+Inf')]).toEqual([3, 5, 5, 6]);
    expect(samples.get(`${name}_count{topic="orders"}`)).toBe(6);
    expect(samples.get(`${name}_sum{topic="orders"}`)).toBeCloseTo(3.5021);
  });

  it('shows what may be alerted on before it happens, with 0', async () => {
    const metrics = collector();
    metrics.recordConsume('orders', true, 0.01);
    const figures = figuresOf(await scrape(metrics));
    expect(figures).toMatchObject({
      connected: 0,
      reconnect_failed_total: 0,
      health_check_unhealthy_total: 0,
      'consume_failed_total{topic="orders"}': 0,
      'retries_total{topic="orders"}': 0,
      'dead_letters_total{topic="orders"}': 0,
    });
  });

  it('writes labels so that any topic can be read back', async () => {
    const metrics = collector();
    metrics.recordRetry('a"b\\c\nd');
    expect(await scrape(metrics)).toContain('retries_total{topic="a\\"b\\\\c\\nd"} 1');
  });

  it('takes its gauges with it when it closes, and leaves its counters', async () => {
    const metrics = collector();
    recordEverything(metrics);
    await metrics.close();
    await metrics.close();
    metrics.recordInFlight('orders', 1);
    const figures = figuresOf(await scrape(metrics));
    expect(figures).toHaveProperty(['publish_total{topic="orders"}'], 12);
    for (const gauge of [
      'connected',
      'in_flight{topic="orders"}',
      'pool_queued',
      'backlog{topic="orders"}',
    ]) {
      expect(figures).not.toHaveProperty([gauge]);
    }
  });

  it('goes on after the registry was reset', async () => {
    const metrics = collector();
    recordEverything(metrics);
    metrics.register.resetMetrics();
    metrics.recordPublish('orders', true, 0.004);
    const text = await scrape(metrics);
    expect(figuresOf(text)).toMatchObject({
      'publish_total{topic="orders"}': 1,
      connected: 0,
      reconnect_total: 0,
    });
    expect(samplesOf(text).get('ebus_eventbus_publish_latency_seconds_sum{topic="orders"}')).toBe(0.004);
  });
});

describe('the registry', () => {
  afterEach(() => register.clear());

  it("is prom-client's global one by default, with what is in it already", async () => {
    new Counter({ name: 'orders_placed_total', help: 'Of the application.' }).inc();
    const metrics = new PrometheusMetricsCollector({ namespace: 'shop' });
    metrics.recordConnection(true);
    const { contentType, body } = await metrics.expose();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(samplesOf(body).get('orders_placed_total')).toBe(1);
    expect(samplesOf(body).get('shop_eventbus_connected')).toBe(1);
    expect(body).toBe(await register.metrics());
  });

  it('may have labels of its own, and write OpenMetrics', async () => {
    const open = new Registry<OpenMetricsContentType>();
    open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    open.setDefaultLabels({ region: 'eu' });
    const metrics = new PrometheusMetricsCollector({ register: open });
    recordEverything(metrics);
    for (let i = 0; i < 2; i++) {
      const { contentType, body } = await metrics.expose();
      expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
      expect(body).toContain('# TYPE ebus_eventbus_publish counter\n');
      expect(body).toContain('\nebus_eventbus_publish_total{topic="orders",region="eu"} 12\n');
      expect(body).toMatch(/\n# EOF\n$/);
    }
    // A second bus finds them, although they are named otherwise by now.
    new PrometheusMetricsCollector({ register: open }).recordPublish('orders', true, 1);
    expect((await metrics.expose()).body).toContain('_publish_total{topic="orders",region="eu"} 13\n');
  });

  it('gives its figures as JSON, as clusters exchange them', async () => {
    const metrics = collector();
    recordEverything(metrics);
    const json = await metrics.register.getMetricsAsJSON();
    expect(json.find(({ name }) => name === 'ebus_eventbus_in_flight')).toEqual({
      name: 'ebus_eventbus_in_flight',
      help: expect.any(String),
      type: 'gauge',
      aggregator: 'sum',
      values: [{ labels: { topic: 'orders' }, value: 3 }],
    });
  });

  it('is shared by two buses: counters and latencies add up, gauges are joined', async () => {
    const shared = new Registry();
    const [one, two] = [
      new PrometheusMetricsCollector({ register: shared }),
      new PrometheusMetricsCollector({ register: shared }),
    ];
    recordEverything(one);
    recordEverything(two);
    two.recordConnection(false);
    two.recordBacklogState('orders', 1);
    two.recordInFlight('bills', 1);
    const text = await scrape(one);
    expect(await scrape(two)).toBe(text);
    expect(figuresOf(text)).toMatchObject({
      'publish_total{topic="orders"}': 24,
      'errors_total{error_type="handler"}': 2,
      reconnect_total: 4,
      connected: 0,
      'backlog{topic="orders"}': 14,
      'backlog_state{topic="orders"}': 2,
      'in_flight{topic="orders"}': 6,
      'in_flight{topic="bills"}': 1,
      pool_queued: 8,
    });
    const latency = 'ebus_eventbus_publish_latency_seconds_count{topic="orders"}';
    expect(samplesOf(text).get(latency)).toBe(6);
    // The one that has lost its connection is closed; the other is well.
    await two.close();
    expect(figuresOf(await scrape(one))).toMatchObject({ connected: 1, 'in_flight{topic="orders"}': 3 });
  });

  it('is shared by two namespaces', async () => {
    const shared = new Registry();
    new PrometheusMetricsCollector({ register: shared, namespace: 'a' }).recordConnection(true);
    new PrometheusMetricsCollector({ register: shared, namespace: 'b' });
    const samples = samplesOf(await shared.metrics());
    expect([samples.get('a_eventbus_connected'), samples.get('b_eventbus_connected')]).toEqual([1, 0]);
  });

  it('with one of the names taken is an error, and gets nothing', () => {
    const taken = new Registry();
    new Counter({ name: 'ebus_eventbus_in_flight', help: 'Of somebody else.', registers: [taken] });
    expect(() => new PrometheusMetricsCollector({ register: taken })).toThrow(
      "the metric 'ebus_eventbus_in_flight' is in the registry already, and was not made by this installation of " +
        '@ebus/prometheus; use another namespace for the bus, or a registry of its own',
    );
    expect(taken.getMetricsAsArray()).toHaveLength(1);
  });

  it('with the same metrics in other buckets is an error', () => {
    const shared = new Registry();
    new PrometheusMetricsCollector({ register: shared, latencyBuckets: [1, 2] });
    new PrometheusMetricsCollector({ register: shared, latencyBuckets: [1, 2] });
    expect(() => new PrometheusMetricsCollector({ register: shared })).toThrow(
      "'ebus_eventbus_publish_latency_seconds' is in the registry already, with other latencyBuckets (1, 2)",
    );
  });
});

describe('what cannot be used is refused', () => {
  it.each(['', '9lives', 'my-shop', 'shop:a', 'größe', 'a b'])('the namespace %j', (namespace) => {
    expect(() => collector({ namespace })).toThrow(ConfigError);
    expect(() => collector({ namespace })).toThrow(
      `the namespace of metrics must consist of letters, digits and '_', and not begin with a digit, as names in ` +
        `Prometheus do; got ${JSON.stringify(namespace)}`,
    );
  });

  it.each([[[]], [[0, 1]], [[1, 1]], [[2, 1]], [[Number.NaN]], [[1, Number.POSITIVE_INFINITY]]])(
    'the buckets %j',
    (latencyBuckets) => {
      expect(() => collector({ latencyBuckets })).toThrow(ConfigError);
      expect(() => collector({ latencyBuckets })).toThrow('latencyBuckets must be upper bounds in seconds');
    },
  );
});
