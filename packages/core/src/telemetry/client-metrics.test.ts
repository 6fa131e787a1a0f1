import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, expect, it } from 'vitest';
import { scriptedBus, settle } from '../testing/scripted-bus.js';

const event = { aggregateId: 'order-1', eventType: 'OrderCreated', eventVersion: 1, payload: {} };

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const provider = new MeterProvider({ readers: [reader] });
afterEach(() => metrics.disable());

/** By metric: attributes as text, and the count. */
async function collected(): Promise<Record<string, Record<string, number>>> {
  exporter.reset();
  await reader.forceFlush();
  const all = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return Object.fromEntries(
    all.map(({ descriptor, dataPoints }) => [
      `${descriptor.name} ${descriptor.unit}`,
      Object.fromEntries(
        dataPoints.map(({ attributes, value }) => [
          Object.entries(attributes)
            .map(([key, text]) => `${key.replace('messaging.', '')}=${String(text)}`)
            .join(' '),
          typeof value === 'number' ? value : (value as { count: number }).count,
        ]),
      ),
    ]),
  );
}

it('measures what the conventions name, for a meter provider that is registered at any time', async () => {
  const { bus, driver, clock } = await scriptedBus();
  const subscription = await bus.subscribeEnvelope(
    'orders',
    (_, { attempt }) => {
      if (attempt === 1) throw new TypeError('not yet');
    },
    { retryBackoff: { base: 10, jitter: false } },
  );
  const before = bus.publishEnvelope('orders', event);
  driver.sends[0]?.ack();
  await before;
  metrics.setGlobalMeterProvider(provider);
  const [sent, failed] = [bus.publishEnvelope('orders', event), bus.publish('mails', 'x', { retries: 0 })];
  driver.sends[1]?.ack();
  driver.sends[2]?.fail(new Error('refused'));
  await sent;
  await expect(failed).rejects.toThrow('refused');
  await settle();
  driver.subscriptions[0]?.deliver({ value: driver.sends[0]?.record.value as Uint8Array });
  await settle();
  await clock.advance(10);
  await settle();
  expect(subscription.stats()).toMatchObject({ handled: 1, retried: 1 });

  const common = (operation: string, topic: string) =>
    `system.name=scripted operation.name=${operation} operation.type=${operation} destination.name=${topic} system=scripted`;
  const sends = {
    [common('send', 'orders')]: 1,
    [`${common('send', 'mails')} error.type=PUBLISH_FAILED`]: 1,
  };
  const failure = `${common('process', 'orders')} error.type=TypeError consumer.group.name=ebus`;
  const success = `${common('process', 'orders')} consumer.group.name=ebus`;
  expect(await collected()).toEqual({
    'messaging.client.operation.duration s': sends,
    'messaging.client.sent.messages {message}': sends,
    'messaging.client.consumed.messages {message}': { [failure]: 1 },
    'messaging.process.duration s': { [failure]: 1, [success]: 1 },
  });
  await bus.close();
});
