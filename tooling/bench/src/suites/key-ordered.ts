/**
 * Ordered by key with handlers that wait: 25,000 records of 1,000 keys on 8 partitions, as Confluent's Parallel Consumer and kpipe
 * measure themselves. Their published figures stand beside, from their machines.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventBus, type EventBus } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { startService } from '@ebus/services';
import PQueue from 'p-queue';
import { scaled } from '../compare.js';
import { memoryBus } from '../contenders.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown } from '../pipelined.js';
import type { Row } from '../report.js';

const TOPIC = 'bench.keyed';
const RECORDS = 25_000;
const KEYS = aggregateIds(1_000);
const WORK_MS = [0, 1, 10, 100];
const CONCURRENCY = [100, 256, 1_000];
/** Records per second: Parallel Consumer 0.5 (order by key, 100 workers, 6 cores), kpipe (virtual threads). */
const PUBLISHED: Readonly<Record<number, readonly [parallelConsumer: number, kpipe: number]>> = {
  0: [95_880, 285_750],
  1: [63_986, 52_949],
  10: [8_700, 34_465],
  100: [968, 5_228],
};
/** At a concurrency of 1,000. */
const TARGETS: Readonly<Record<number, number>> = { 10: 34_465, 100: 8_000 };

export async function keyOrdered(): Promise<Row[]> {
  const broker = await startService('kafka', { own: true, log: () => {} });
  const brokers = [...broker.addresses];
  await using bus = await createEventBus(
    { type: 'kafka', serviceName: 'keyed', topics: { [TOPIC]: { partitions: 8 } }, kafka: { brokers } },
    { plugins: [kafka] },
  );
  try {
    await bus.publishEnvelopes(TOPIC, events(scaled(RECORDS)), { maxInFlight: 5_000 });
    const rows: Row[] = [];
    for (const ms of WORK_MS) {
      for (const concurrency of CONCURRENCY) rows.push(await measured(bus, ms, concurrency));
      const [parallelConsumer, kpipe] = PUBLISHED[ms] ?? [0, 0];
      rows.push({ contender: `published: Parallel Consumer, ${ms} ms`, perSecond: parallelConsumer });
      rows.push({ contender: `published: kpipe, ${ms} ms`, perSecond: kpipe });
    }
    return rows;
  } finally {
    await broker.close();
  }
}

/** The same without a broker, beside p-queue; handlers of 10 ms. */
export async function keyOrderedInMemory(): Promise<Row[]> {
  await using bus = await memoryBus();
  const records = scaled(RECORDS);
  const rows: Row[] = [];
  for (const concurrency of [100, 1_000]) {
    const countdown = new Countdown();
    const handle = async () => {
      await sleep(10);
      countdown.hit();
    };
    const topic = `${TOPIC}-${concurrency}`;
    await bus.subscribeEnvelope(topic, handle, { concurrency });
    const ebus = await timed(records, async () => {
      const handled = countdown.start(records);
      await bus.publishEnvelopes(topic, events(records));
      await handled;
    });
    rows.push({ contender: `ebus in memory, 10 ms, concurrency ${concurrency}`, ...ebus });
    const queue = await timed(records, () => perKeyQueues(records, concurrency));
    rows.push({ contender: `p-queue for each key, 10 ms, concurrency ${concurrency}`, ...queue });
  }
  return rows;
}

/** A queue for each key, and one for all of them that bounds how many run at once. */
async function perKeyQueues(records: number, concurrency: number): Promise<void> {
  const all = new PQueue({ concurrency });
  const queues = new Map<string, PQueue>();
  const done: Promise<unknown>[] = [];
  for (const { aggregateId } of events(records)) {
    const queue = queues.get(aggregateId) ?? new PQueue({ concurrency: 1 });
    queues.set(aggregateId, queue);
    done.push(queue.add(() => all.add(() => sleep(10))));
  }
  await Promise.all(done);
}

let groups = 0;

async function measured(bus: EventBus, ms: number, concurrency: number): Promise<Row> {
  const records = scaled(RECORDS);
  const versions = new Map<string, number>();
  const countdown = new Countdown();
  const handled = countdown.start(records);
  let first = 0;
  let outOfOrder = 0;
  const used = process.cpuUsage();
  const subscription = await bus.subscribeEnvelope(
    TOPIC,
    async ({ aggregateId, eventVersion }) => {
      if (first === 0) first = performance.now();
      if (eventVersion !== (versions.get(aggregateId) ?? 0) + 1) outOfOrder++;
      versions.set(aggregateId, eventVersion);
      if (ms > 0) await sleep(ms);
      countdown.hit();
    },
    { group: `keyed-${++groups}`, from: 'earliest', concurrency },
  );
  await handled;
  const seconds = (performance.now() - first) / 1_000;
  const { user, system } = process.cpuUsage(used);
  await subscription.close();
  if (outOfOrder > 0) throw new Error(`${outOfOrder} records were handled out of order`);
  const perSecond = Math.round(records / seconds);
  const target = concurrency === 1_000 ? TARGETS[ms] : undefined;
  return {
    contender: `ebus on Kafka, ${ms} ms, concurrency ${concurrency}`,
    perSecond,
    perProcessorSecond: Math.round((records * 1e6) / (user + system)),
    ...(target === undefined
      ? {}
      : { target: `>= ${target.toLocaleString('en-US')}/s`, met: perSecond >= target }),
  };
}

async function timed(records: number, run: () => Promise<void>): Promise<Row> {
  const used = process.cpuUsage();
  const begin = performance.now();
  await run();
  const seconds = (performance.now() - begin) / 1_000;
  const { user, system } = process.cpuUsage(used);
  return {
    perSecond: Math.round(records / seconds),
    perProcessorSecond: Math.round((records * 1e6) / (user + system)),
  };
}

function events(count: number) {
  return Array.from({ length: count }, (_, i) => envelopeNumber(i, KEYS));
}
