/** From publish to handler at fixed rates: percentiles of the time, the wait of a late timer included. */
import { createEventBus, type EventBus } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { nats } from '@ebus/nats';
import { startService } from '@ebus/services';
import { scaled } from '../compare.js';
import { memoryBus } from '../contenders.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown } from '../pipelined.js';
import type { Row } from '../report.js';

const KEYS = aggregateIds(1_000);
const SECONDS = 4;

export async function latencyInMemory(): Promise<Row[]> {
  await using bus = await memoryBus();
  return [await atRate('memory', bus, 'latency', 1_000), await atRate('memory', bus, 'latency', 20_000)];
}

export async function latency(): Promise<Row[]> {
  const rows = await latencyInMemory();
  const server = await startService('nats', { own: true, log: () => {} });
  try {
    const config = {
      type: 'nats' as const,
      serviceName: 'latency',
      topics: { core: { persistence: 'ephemeral' as const }, stream: { persistence: 'persistent' as const } },
      nats: { urls: [...server.addresses], jetstream: { stream: { storage: 'memory' as const } } },
    };
    await using bus = await createEventBus(config, { plugins: [nats] });
    rows.push(await atRate('NATS, ephemeral', bus, 'core', 1_000));
    rows.push(await atRate('NATS, ephemeral', bus, 'core', 10_000));
    rows.push(await atRate('JetStream', bus, 'stream', 1_000));
    rows.push(await atRate('JetStream', bus, 'stream', 5_000));
  } finally {
    await server.close();
  }
  const broker = await startService('kafka', { own: true, log: () => {} });
  try {
    const config = {
      type: 'kafka' as const,
      serviceName: 'latency',
      topics: { events: { partitions: 4 } },
      kafka: { brokers: [...broker.addresses] },
    };
    await using bus = await createEventBus(config, { plugins: [kafka] });
    rows.push(await atRate('Kafka', bus, 'events', 1_000));
    rows.push(await atRate('Kafka', bus, 'events', 10_000));
  } finally {
    await broker.close();
  }
  return rows;
}

/** One tick a millisecond publishes what is due by then, whether or not earlier messages have arrived. */
async function atRate(name: string, bus: EventBus, topic: string, rate: number): Promise<Row> {
  const messages = scaled(rate * SECONDS);
  const countdown = new Countdown();
  const handled = countdown.start(messages);
  const times: number[] = [];
  const due: number[] = [];
  const subscription = await bus.subscribeEnvelope(
    topic,
    ({ eventVersion, aggregateId }) => {
      const index = (eventVersion - 1) * KEYS.length + Number(aggregateId.slice('order-'.length));
      times.push(performance.now() - (due[index] as number));
      countdown.hit();
    },
    { group: 'latency', from: 'latest' },
  );
  const begin = performance.now();
  let sent = 0;
  const tick = setInterval(() => {
    const target = Math.min(messages, Math.floor(((performance.now() - begin) * rate) / 1_000));
    for (; sent < target; sent++) {
      due[sent] = begin + (sent * 1_000) / rate;
      void bus.publishEnvelope(topic, { ...envelopeNumber(sent, KEYS), eventId: `${begin}-${rate}-${sent}` });
    }
    if (sent === messages) clearInterval(tick);
  }, 1);
  await handled;
  await subscription.close();
  times.sort((a, b) => a - b);
  const [half, most, nearlyAll] = [0.5, 0.99, 0.999].map((part) => at(times, part));
  return {
    contender: `${name}, ${rate.toLocaleString('en-US')} a second`,
    against: 'ms at p50 / p99 / p99.9',
    figure: `${half} / ${most} / ${nearlyAll}`,
  };
}

function at(sorted: readonly number[], part: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN).toFixed(2);
}
