/** A service at full load for minutes, with members that come and go, and its memory from time to time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventBus, type EventBus } from '@ebus/core';
import { PrometheusMetricsCollector } from '@ebus/prometheus';
import { Registry } from 'prom-client';
import { collectGarbage } from '../garbage.js';
import type { SoakBroker } from './brokers.js';
import type { Sample } from './judge.js';
import { Load, OPTIONS, TOPIC } from './load.js';

export interface SoakOptions {
  readonly minutes: number;
  /** Between two looks at the memory. Default 5 s. */
  readonly intervalMs?: number;
  /** Told each sample. */
  readonly onSample?: (sample: Sample, load: Load) => void;
}

export interface SoakResult {
  readonly samples: readonly Sample[];
  readonly load: Load;
  /** Members that joined and left again. */
  readonly guests: number;
}

/** As many as there are thirds to compare. */
const FEWEST_SAMPLES = 3;
/** For joining, and for a share of the events to arrive. */
const JOIN_MS = 30_000;

/** Errors that handlers throw on purpose are logged by the bus. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Publishes and handles in this process, and lets a further member join and leave in every second interval. At the end of an
 * interval publishing stops until all events are settled, so that a sample shows what is held and not what is on its way.
 *
 * @throws Error where events are lost, a publish fails, or a member is given no events
 */
export async function soak(
  broker: SoakBroker,
  { minutes, intervalMs = 5_000, onSample }: SoakOptions,
): Promise<SoakResult> {
  const load = new Load();
  const register = new Registry();
  const samples: Sample[] = [];
  let guests = 0;
  await using steady = await member(broker, register, load);
  await steady.bus.subscribeEnvelope(TOPIC, load.handler('steady'), OPTIONS);
  const begin = performance.now();
  while (samples.length < FEWEST_SAMPLES || performance.now() - begin < minutes * 60_000) {
    const visiting = samples.length % 2 === 1;
    const visit = visiting ? visitBy(broker, register, load, intervalMs / 2) : Promise.resolve();
    if (visiting) guests += 1;
    await load.run(steady.bus, Promise.all([sleep(intervalMs), visit]));
    await steady.bus.idle({ timeout: '30s' });
    await register.metrics();
    const sample = await look((performance.now() - begin) / 1_000, load.published);
    samples.push(sample);
    onSample?.(sample, load);
  }
  return { samples, load, guests };
}

interface Member extends AsyncDisposable {
  readonly bus: EventBus;
}

/** A bus with a collector of its own. All collectors share the registry, as in a service with several buses. */
async function member({ config, plugin }: SoakBroker, register: Registry, load: Load): Promise<Member> {
  const metrics = new PrometheusMetricsCollector({ register });
  const bus = await createEventBus(config, { plugins: [plugin], logger: silent, metrics });
  load.watch(bus);
  return {
    bus,
    [Symbol.asyncDispose]: async () => {
      await bus.close();
      await metrics.close();
    },
  };
}

/** Stays for so long, and until it has handled events. */
async function visitBy(broker: SoakBroker, register: Registry, load: Load, ms: number): Promise<void> {
  await using guest = await member(broker, register, load);
  await guest.bus.subscribeEnvelope(TOPIC, load.handler('guests'), OPTIONS);
  const before = load.handled.guests;
  await sleep(ms);
  const deadline = performance.now() + JOIN_MS;
  while (load.handled.guests === before) {
    if (performance.now() > deadline) throw new Error('a member that joined was given no event');
    await sleep(2);
  }
}

async function look(seconds: number, events: number): Promise<Sample> {
  await collectGarbage();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { seconds, events, heapUsed, external, arrayBuffers, rss };
}
