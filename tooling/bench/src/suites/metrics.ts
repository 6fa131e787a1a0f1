/** What watching costs: publish to handler without a collector, against the same with one. */
import {
  type CommonConfig,
  createEventBus,
  type EventBus,
  type MetricsCollector,
  NoopMetricsCollector,
} from '@ebus/core';
import { memory } from '@ebus/memory';
import { PrometheusMetricsCollector } from '@ebus/prometheus';
import { Registry } from 'prom-client';
import { compare, extraMicroseconds, type Measured } from '../compare.js';
import { ebusUnordered } from '../contenders.js';
import { type Row, speedOf } from '../report.js';

const PUBLISHES = 64_000;

const watched: CommonConfig = {
  healthCheck: { enabled: true, subscriber: {} },
  subscriber: { backlogDetection: { enabled: true } },
};

export async function metrics(rounds: number): Promise<Row[]> {
  await using none = await busWith(undefined);
  await using monitors = await busWith(undefined, watched);
  await using noop = await busWith(new NoopMetricsCollector());
  await using prometheus = await busWith(new PrometheusMetricsCollector({ register: new Registry() }));
  const reads = [await clockReads(none), await clockReads(noop)].map((count) => count.toFixed(2));
  const contenders = {
    none: await named(none, 'no collector'),
    monitors: await named(monitors, 'no collector, probes and lag watched'),
    noop: await named(noop, 'a collector that does nothing'),
    prometheus: await named(prometheus, '@ebus/prometheus'),
  };
  const measured = await compare(contenders, rounds);
  return [
    { ...speedOf(measured.none), against: 'clock reads a publish', figure: `${reads[0]} -> ${reads[1]}` },
    costOver(measured.monitors, measured.none),
    costOver(measured.noop, measured.none),
    costOver(measured.prometheus, measured.none),
  ];
}

function busWith(collector: MetricsCollector | undefined, config: CommonConfig = {}): Promise<EventBus> {
  const options = collector === undefined ? {} : { metrics: collector };
  return createEventBus({ type: 'memory', ...config }, { plugins: [memory], ...options });
}

const named = async (bus: EventBus, name: string) => ({ ...(await ebusUnordered(bus)), name });

function costOver(measured: Measured, reference: Measured): Row {
  const cost = extraMicroseconds(measured, reference, 'processor');
  return { ...speedOf(measured), against: 'no collector', figure: `${cost.toFixed(2)} µs more` };
}

/** How often publishing looks at the clock: all that it does to measure, and nothing else does it per message. */
async function clockReads(bus: EventBus): Promise<number> {
  const { now } = performance;
  let reads = 0;
  performance.now = () => {
    reads++;
    return now.call(performance);
  };
  try {
    for (let i = 0; i < PUBLISHES; i++) await bus.publish('bench.clock', 'x');
  } finally {
    performance.now = now;
  }
  return reads / PUBLISHES;
}
