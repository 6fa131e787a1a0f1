/** Partitions on JetStream: three processes against one, and how long a partition stands still when members come and go. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventBus, type EventBus } from '@ebus/core';
import { nats } from '@ebus/nats';
import { startService } from '@ebus/services';
import { aggregateIds } from '../envelopes.js';
import { Fleet, until } from '../partitions/fleet.js';
import { pipelined } from '../pipelined.js';
import type { Row } from '../report.js';

const PARTITIONS = 12;
const KEYS = aggregateIds(1_000);
const SECONDS = 5;
const WARM_UP_SECONDS = 3;
/** The first waits for its handlers; the second is as fast as a process can be. */
const CONCURRENCIES = [32, 256] as const;
const LEASE_MS = 5_000;
const JOIN_MS = 5_000;
/** Events a second while members come and go. */
const PACE = 500;

export async function partitions(): Promise<Row[]> {
  const service = await startService('nats', { own: true, log: () => {} });
  const server = service.addresses[0] as string;
  const bus = await createEventBus(
    { type: 'nats', serviceName: 'publisher', connectTimeout: '1m', nats: { urls: [server] } },
    { plugins: [nats] },
  );
  try {
    const rows: Row[] = [];
    for (const concurrency of CONCURRENCIES) {
      const one = await rateOf(bus, server, 1, concurrency);
      const three = await rateOf(bus, server, 3, concurrency);
      const of = `10 ms of I/O, ${PARTITIONS} partitions, concurrency ${concurrency}`;
      rows.push({ contender: `one process, ${of}`, perSecond: Math.round(one) });
      rows.push({
        contender: `three processes, ${of}`,
        perSecond: Math.round(three),
        against: 'one process',
        figure: `${(three / one).toFixed(2)}x`,
        target: '>= 2.5x',
        met: three / one >= 2.5,
      });
    }
    return [...rows, ...(await changes(bus, server))];
  } finally {
    await bus.close();
    await service.close();
  }
}

/** Events a second, once each member has its share and for as long as there is a backlog. */
async function rateOf(bus: EventBus, server: string, members: number, concurrency: number): Promise<number> {
  const topic = `bench.rate-${members}-${concurrency}`;
  await bus.topics.configure(topic, { partitions: PARTITIONS, persistence: 'persistent' });
  // More than handlers that wait can take: the measurement ends before the backlog does.
  const backlog = Math.min(400_000, members * concurrency * 100 * (SECONDS + 2 * WARM_UP_SECONDS));
  await pipelined(backlog, (n) => bus.publishEnvelope(topic, eventOf(n)));
  await using fleet = new Fleet({ server, topic, concurrency, ackWait: '30s' });
  for (let i = 0; i < members; i++) fleet.start();
  await fleet.shared(members, PARTITIONS);
  await until(() => fleet.handled > 0);
  await sleep(WARM_UP_SECONDS * 1_000);
  const [before, began] = [fleet.handled, performance.now()];
  while (performance.now() - began < SECONDS * 1_000 && fleet.handled < backlog * 0.9) await sleep(50);
  return ((fleet.handled - before) / (performance.now() - began)) * 1_000;
}

/** One joins two others; then one is killed. */
async function changes(bus: EventBus, server: string): Promise<Row[]> {
  const topic = 'bench.changes';
  await bus.topics.configure(topic, { partitions: PARTITIONS, persistence: 'persistent' });
  await using fleet = new Fleet({ server, topic, concurrency: 256, ackWait: `${LEASE_MS}ms` });
  const publisher = new Publisher(bus, topic);
  fleet.onHandled = (n) => publisher.handled(n);
  fleet.start();
  const victim = fleet.start();
  await fleet.shared(2, PARTITIONS);
  const third = fleet.start();
  await fleet.shared(3, PARTITIONS);
  const joined = performance.now() - (third.subscribedAt ?? 0);
  await sleep(2_000);
  const killedAt = performance.now();
  const last = publisher.count;
  fleet.kill(victim);
  await until(() => publisher.keysSince(last) === KEYS.length);
  const wentOn = performance.now() - killedAt;
  await publisher.stop();
  return [
    timeOf('a member that joins two others has its share after', joined, JOIN_MS),
    timeOf(
      `all aggregates go on after a member was killed, with ackWait ${LEASE_MS / 1_000} s, after`,
      wentOn,
      LEASE_MS + 2_000,
    ),
  ];
}

function timeOf(contender: string, ms: number, limit: number): Row {
  return {
    contender,
    figure: `${(ms / 1_000).toFixed(1)} s`,
    target: `<= ${limit / 1_000} s`,
    met: ms <= limit,
  };
}

/** Publishes events of all aggregates in turn, at an even pace. */
class Publisher {
  count = 0;
  /** The newest handled event of each aggregate. */
  readonly #newest = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<unknown>>();

  constructor(bus: EventBus, topic: string) {
    const began = performance.now();
    this.#timer = setInterval(() => {
      for (const due = ((performance.now() - began) * PACE) / 1_000; this.count < due; ) {
        const sending = bus.publishEnvelope(topic, eventOf(this.count++)).catch(() => {});
        this.#open.add(sending);
        void sending.finally(() => this.#open.delete(sending));
      }
    }, 10);
  }

  handled(n: number): void {
    const key = n % KEYS.length;
    this.#newest.set(key, Math.max(this.#newest.get(key) ?? 0, n));
  }

  /** Of how many aggregates an event was handled that was published after that many. */
  keysSince(count: number): number {
    return [...this.#newest.values()].filter((n) => n >= count).length;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }
}

const eventOf = (n: number) => ({
  aggregateId: KEYS[n % KEYS.length] as string,
  eventType: 'Bench',
  eventVersion: 1,
  payload: { n },
});
