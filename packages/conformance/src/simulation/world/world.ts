/** Everything that a run consists of: processes of a service, a broker and a network in one virtual time. */
import { findHeader, headerText } from '@ebus/core/driver';
import type { NetworkFaults } from '../brokers/link.js';
import { partedServer } from '../brokers/parted-server.js';
import { type BrokerEvents, ID_HEADER, type StoredRecord } from '../brokers/records.js';
import { leaseServer, logServer, type SimServer } from '../brokers/servers.js';
import { SLOTS } from '../plan/make-plan.js';
import type { Plan, SendFaults } from '../plan/plan.js';
import { randomOf } from '../time/random.js';
import { VirtualTime } from '../time/virtual-time.js';
import { type App, GROUP, type SimulatedEvent } from './app.js';
import { isLetterTopic, isParked, isParkNote, isRedriven } from './driver-options.js';
import { eventIdIn } from './event-id.js';
import type { HandlerWorld } from './handler.js';
import { History } from './history.js';
import { Ledger } from './ledger.js';
import { Process } from './process.js';

/** The state of one run. Worlds share no state, but only one may run at a time. */
export class World implements HandlerWorld {
  readonly plan: Plan;
  readonly app: App;
  readonly state: unknown;
  readonly time = new VirtualTime();
  readonly history = new History(this.time);
  readonly ledger = new Ledger(this.history);
  readonly server: SimServer;
  readonly brokerEvents: BrokerEvents;
  /** Become 0 when the quiet period begins. */
  readonly network: NetworkFaults;
  readonly sends: SendFaults;
  /** Those that run now. */
  readonly slots: (Process | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly all: Process[] = [];
  /** Those that the broker has, where topics have to be made. */
  readonly topicsThere = new Set<string>();
  /** Who published each event, by its id. */
  readonly senders = new Map<string, string>();
  /** The newest event of a sender and key that was stored. */
  readonly #newest = new Map<string, number>();
  isCalm = false;

  constructor(plan: Plan, app: App) {
    this.plan = plan;
    this.app = app;
    this.state = app.state();
    this.network = { ...plan.network };
    this.sends = { ...plan.sends };
    this.brokerEvents = {
      count: this.history.count,
      problem: (kind, text) => this.history.problem(kind, text),
      stored: (record) => this.#stored(record),
      gave: ({ topic, value, headers, offset }, to) => {
        if (isParkNote(headers))
          return this.history.add('broker', 'gave a request to redrive', `at ${offset} to ${to}`);
        const id = eventIdIn(topic, value, headers);
        this.history.add('broker', 'gave', id, `at ${offset} to ${to}`);
        if (!isLetterTopic(topic)) this.ledger.gave(id);
      },
      forgotten: ({ topic, value, headers }) => {
        if (isParkNote(headers)) return;
        this.history.count('message: forgotten by the broker');
        const id = eventIdIn(topic, value, headers);
        this.history.add('broker', 'forgot', id);
        if (!isLetterTopic(topic)) this.ledger.forgotten(id);
      },
    };
    const { time, brokerEvents } = this;
    this.server = serverOf(plan, time, brokerEvents);
  }

  /** Those that the service subscribes to. */
  get topics(): readonly string[] {
    return this.app.topics;
  }

  get seed(): number {
    return this.plan.seed;
  }

  get faults() {
    return this.plan.handler;
  }

  readonly count = (event: string): void => this.history.count(event);

  /** The bytes that members say of a message; undefined where they say the truth. */
  sizeOf({ topic, partition, offset }: StoredRecord): number | undefined {
    const { megabytes } = this.plan.ways;
    if (megabytes === 0) return undefined;
    return Math.ceil(randomOf(this.seed, 'size', topic, partition, offset).next() * 2 * megabytes * 2 ** 20);
  }

  /** Starts a process in a slot that is free. */
  open(slot: number): void {
    // Where topics are moved, one process at a time: others do not follow.
    if (this.plan.ways.moves && this.all.some(({ state }) => state === 'closing'))
      return void this.time.at(100, () => this.slots[slot] === undefined && this.open(slot));
    const process = new Process(this, this.all.length + 1);
    this.slots[slot] = process;
    this.all.push(process);
    void process.open();
  }

  /** It does not run any more, or soon will not. */
  vacate(process: Process): void {
    const slot = this.slots.indexOf(process);
    if (slot >= 0) this.slots[slot] = undefined;
  }

  /** By a producer that knows nothing of envelopes. */
  storeTombstone({ topic, aggregateId }: SimulatedEvent, n: number): void {
    const headers = [[ID_HEADER, String(n)]] as const;
    const none = { value: new Uint8Array(), tombstone: true, messageId: undefined };
    this.history.count('message: tombstone');
    this.server.store({
      ...{ topic, key: aggregateId, headers, ...none, persistence: 'persistent' },
      ...{ ownsValue: true, deadline: Number.POSITIVE_INFINITY },
    });
  }

  /**
   * Where topics are moved: nobody gets what was ephemeral and nobody listened to, nor what was given up and arrived on a way
   * that everybody had left.
   */
  forsake(): void {
    if (!this.plan.ways.moves) return;
    const mayForget = (record: StoredRecord) =>
      record.persistence === 'ephemeral' ||
      !this.ledger.isAccepted(eventIdIn(record.topic, record.value, record.headers));
    for (const topic of this.topics) this.server.forsake(topic, GROUP, mayForget);
  }

  #stored(record: StoredRecord): void {
    const { topic, partition, offset, value, headers } = record;
    const { history, ledger, time } = this;
    if (isParkNote(headers)) {
      history.count('parked: note');
      const text = headerText(
        findHeader(headers, 'X-Ebus-Redrive') ?? findHeader(headers, 'X-Ebus-Park') ?? '',
      );
      return history.add('broker', 'stored a note', `at ${partition}:${offset}`, text);
    }
    if (isLetterTopic(topic)) {
      const id = eventIdIn(topic.slice(0, -'.dlq'.length), value, headers);
      history.count('letter: stored');
      history.add('broker', 'stored the letter of', id);
      if (isParked(headers)) {
        history.count('parked: letter');
        return ledger.parked(id);
      }
      return ledger.letter(id, record);
    }
    const id = eventIdIn(topic, value, headers);
    if (!ledger.knows(id)) this.#checkWritten(id, String(record.key));
    history.count('message: stored');
    history.add(
      'broker',
      'stored',
      id,
      `at ${partition}:${offset}`,
      ...(record.persistence === 'ephemeral' ? ['ephemeral'] : []),
    );
    ledger.stored(`${topic}/${String(record.key)}`, id, record, isRedriven(headers));
    if (record.persistence === 'ephemeral') time.at(0, () => this.forsake());
  }

  /** A process publishes events of rising numbers; those of one key are written in that order. */
  #checkWritten(id: string, key: string): void {
    const sender = this.senders.get(id);
    if (sender === undefined) return;
    const place = `${sender} ${id.slice(0, id.lastIndexOf('#'))} ${key}`;
    const n = Number(id.slice(id.lastIndexOf('#') + 1));
    const newest = this.#newest.get(place) ?? 0;
    if (n < newest)
      this.history.problem(
        'written',
        `${id} of ${key} was stored after #${newest}, which ${sender} published later`,
      );
    else this.#newest.set(place, n);
  }
}

function serverOf({ broker, settings, seed }: Plan, time: VirtualTime, events: BrokerEvents): SimServer {
  const random = randomOf(seed, 'broker');
  switch (broker) {
    case 'lease':
      return leaseServer(time, events, settings.singleActive);
    case 'parted':
      return partedServer(time, events, random, settings.partitions);
    case 'log':
      return logServer(time, events, random, settings.partitions);
  }
}
