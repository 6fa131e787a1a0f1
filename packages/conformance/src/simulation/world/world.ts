/** Everything that a run consists of: processes of a service, a broker and a network in one virtual time. */
import type { NetworkFaults } from '../brokers/link.js';
import type { BrokerEvents, StoredRecord } from '../brokers/records.js';
import { leaseServer, logServer, type SimServer } from '../brokers/servers.js';
import { SLOTS } from '../plan/make-plan.js';
import type { Plan, SendFaults } from '../plan/plan.js';
import { randomOf } from '../time/random.js';
import { VirtualTime } from '../time/virtual-time.js';
import type { App } from './app.js';
import { isLetterTopic, isRedriven } from './driver-options.js';
import { eventIdIn } from './event-id.js';
import type { HandlerWorld } from './handler.js';
import { History } from './history.js';
import { Ledger } from './ledger.js';
import { Process } from './process.js';

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
      gave: ({ topic, value, offset }, to) => {
        const id = eventIdIn(topic, value);
        this.history.add('broker', 'gave', id, `at ${offset} to ${to}`);
        if (!isLetterTopic(topic)) this.ledger.gave(id);
      },
      forgotten: ({ topic, value }) => {
        this.history.count('message: forgotten by the broker');
        if (!isLetterTopic(topic)) this.ledger.forgotten(eventIdIn(topic, value));
      },
    };
    const { time, brokerEvents } = this;
    this.server =
      plan.broker === 'lease'
        ? leaseServer(time, brokerEvents, plan.settings.singleActive)
        : logServer(time, brokerEvents, randomOf(plan.seed, 'broker'), plan.settings.partitions);
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

  /** Starts a process in a slot that is free. */
  open(slot: number): void {
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

  #stored({ topic, partition, offset, key, value, headers }: StoredRecord): void {
    const { history, ledger } = this;
    if (isLetterTopic(topic)) {
      const id = eventIdIn(topic.slice(0, -'.dlq'.length), value);
      history.count('letter: stored');
      history.add('broker', 'stored the letter of', id);
      return ledger.letter(id, value);
    }
    const id = eventIdIn(topic, value);
    history.count('message: stored');
    history.add('broker', 'stored', id, `at ${partition}:${offset}`);
    ledger.stored(`${topic}/${String(key)}`, id, value, isRedriven(headers));
  }
}
