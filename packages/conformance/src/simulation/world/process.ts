/** One process of the service: a bus over a link, its subscriptions, and what becomes of both. */
import { createEventBus, type EventBus, type EventBusConfig, type Subscription } from '@ebus/core';
import { Link } from '../brokers/link.js';
import type { Given, StoredRecord } from '../brokers/records.js';
import { SimDriver, simulated } from '../brokers/sim-driver.js';
import { type Random, randomOf } from '../time/random.js';
import { VirtualClock } from '../time/virtual-clock.js';
import type { Owner } from '../time/virtual-time.js';
import { GROUP, type SimulatedEvent, type SimulatedProcess } from './app.js';
import { subscribeAll } from './consuming.js';
import { driverOptions } from './driver-options.js';
import { keepBooks } from './keep-books.js';
import { Operator } from './operator.js';
import { codeOf, Publishing } from './publishing.js';
import type { World } from './world.js';

/** What closing may take beyond its timeout: aborted handlers, the last confirmations, goodbyes. */
const CLOSE_GRACE_MS = 5_000;
/** The most bytes of one subscription in flight. */
const WINDOW_BYTES = 64 * 1024 * 1024;
/** A redrive may still be saying goodbye for so long. */
const REMAINDER_MS = 250;

/** Starts, closes and kills one process. After a kill none of its timers or requests goes on. */
export class Process {
  readonly name: string;
  readonly link: Link;
  readonly operator: Operator;
  readonly clock: VirtualClock;
  bus: EventBus | undefined;
  subscriptions: readonly Subscription[] = [];
  /** For subscriptions from now on. */
  concurrency: number;
  /** Of those that there are. */
  limit = 0;
  state: 'opening' | 'open' | 'closing' | 'closed' | 'killed' = 'opening';
  readonly #world: World;
  /** The bus: core's timers. */
  readonly #owner: Owner;
  /** The client: its timers are the driver's affair. */
  readonly #client: Owner;
  /** The handlers, and what starts them. */
  readonly #work: Owner;
  readonly #random: Random;
  readonly #given = new WeakMap<Uint8Array, Given>();
  #driver: SimDriver | undefined;
  #resubscribing = 0;
  #generation = 0;
  readonly #publishing: Publishing;

  constructor(world: World, id: number) {
    const { time, plan, history } = world;
    this.name = `bus${id}`;
    this.#world = world;
    this.operator = new Operator(world, this);
    this.#owner = { name: this.name, alive: true };
    this.#publishing = new Publishing(world, this.#owner);
    this.#client = { name: `${this.name} client`, alive: true };
    this.#work = { name: `${this.name} handlers`, alive: true };
    this.concurrency = plan.settings.concurrency;
    this.clock = new VirtualClock(time, this.#owner, randomOf(plan.seed, 'core', id));
    this.#random = randomOf(plan.seed, 'process', id);
    this.link = new Link({
      ...{ time, owner: this.#client, random: randomOf(plan.seed, 'link', id) },
      ...{ faults: world.network, count: history.count },
      note: (text) => history.add('network', text, `of ${this.name}`),
    });
  }

  /** Publishes that have no outcome yet. */
  get publishing(): number {
    return this.#publishing.open;
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  get isResubscribing(): boolean {
    return this.#resubscribing > 0 && this.isOpen;
  }

  /** Creates the bus and subscribes, as often as it takes. */
  async open(): Promise<void> {
    const { history, time } = this.#world;
    for (let attempt = 1; this.state === 'opening'; attempt++) {
      try {
        await this.#create();
        if (this.state !== 'opening') return;
        await this.#subscribe();
        if (this.state === 'opening') this.state = 'open';
        return;
      } catch (error) {
        if (this.state !== 'opening') return;
        history.add(this.name, 'could not start', attempt, codeOf(error));
        history.count('process: could not start');
        await this.bus?.close({ timeout: 0 });
        this.bus = undefined;
        await time.sleep(500, this.#work);
      }
    }
  }

  publish(event: SimulatedEvent, n: number): void {
    if (this.bus !== undefined) this.#publishing.publish(this.bus, event, n);
  }

  /** With fewer, handlers that run are let run. */
  setConcurrency(concurrency: number): void {
    this.concurrency = concurrency;
    if (this.subscriptions.length > 0) this.limit = concurrency;
    for (const subscription of this.subscriptions) subscription.update({ concurrency });
  }

  /** How many messages a subscription may hold unsettled. */
  get #window(): number {
    const { ways, settings } = this.#world.plan;
    return ways.unordered ? Math.max(256, 2 * this.limit) : Math.min(10_000, this.limit * settings.queueSize);
  }

  abortPublishes(): void {
    this.#publishing.abort();
  }

  cut(): void {
    if (!this.link.isUp) return;
    this.link.cut();
    this.#driver?.lost();
  }

  restore(): void {
    if (this.link.isUp || this.state === 'killed') return;
    this.link.restore();
    this.#driver?.back();
  }

  /** As by SIGSTOP: nobody is told, and nothing of it happens before it goes on. */
  freeze(ms: number): void {
    for (const owner of [this.#owner, this.#client, this.#work]) this.#world.time.freeze(owner, ms);
    this.#world.history.add(this.name, 'is frozen', `for ${ms} ms`);
  }

  get isFrozen(): boolean {
    return (this.#owner.asleepUntil ?? 0) > this.#world.time.now;
  }

  /** The process is killed: nothing of it happens any more. */
  kill(): void {
    if (this.state === 'closed' || this.state === 'killed') return;
    this.state = 'killed';
    for (const owner of [this.#owner, this.#client, this.#work]) owner.alive = false;
    this.link.cut();
    this.#driver?.lost();
    this.#world.history.add(this.name, 'is killed');
    this.#world.forsake();
    this.#world.history.count('process: killed');
  }

  /** Closes the subscriptions and makes others; handlers that the close does not wait for may run on. */
  async resubscribe(timeout: number): Promise<void> {
    const { history, time } = this.#world;
    const { subscriptions } = this;
    if (subscriptions.length === 0) return;
    this.subscriptions = [];
    this.#resubscribing++;
    const took = this.#stopwatch();
    await Promise.all(subscriptions.map((subscription) => subscription.close({ timeout })));
    if (took() > timeout + CLOSE_GRACE_MS)
      history.problem(
        'close',
        `subscriptions of ${this.name} took ${took()} ms to close, with a timeout of ${timeout}`,
      );
    while (this.isOpen && this.subscriptions.length === 0) {
      await this.#subscribe().catch(async (error) => {
        history.count(`subscribe: ${codeOf(error)}`);
        await time.sleep(200, this.#work);
      });
    }
    this.#resubscribing--;
  }

  async close(timeout: number): Promise<void> {
    if (!this.isOpen) return;
    const { history, time } = this.#world;
    this.state = 'closing';
    history.add(this.name, 'closes', `timeout ${timeout}`);
    const took = this.#stopwatch();
    const overdue = time.at(timeout + CLOSE_GRACE_MS + 60_000, () => {
      history.problem('close', `${this.name} did not close within a minute of its timeout`);
    });
    await this.bus?.close({ timeout });
    time.cancel(overdue);
    if ((this.state as string) === 'killed') return;
    this.state = 'closed';
    history.add(this.name, 'is closed', `after ${took().toFixed(0)} ms`);
    history.count('process: closed');
    this.#world.forsake();
    if (took() > timeout + CLOSE_GRACE_MS)
      history.problem('close', `${this.name} took ${took()} ms to close, with a timeout of ${timeout}`);
    if (this.publishing > 0)
      history.problem('pending', `${this.publishing} publishes of ${this.name} have no outcome after close`);
    // What the close left may still be cancelled in the same turn.
    time.at(1, () => {
      const left = time.pendingOf(this.#owner).filter(({ due }) => due > time.now + REMAINDER_MS);
      if (left.length === 0) return;
      const where = left.flatMap(({ where = [] }) => where).join('; ');
      history.problem('pending', `${left.length} timers of ${this.name} are left after close ${where}`);
    });
  }

  async #create(): Promise<void> {
    const { plan } = this.#world;
    const { settings } = plan;
    const parts = {
      ...{ name: this.name, time: this.#world.time, owner: this.#client, link: this.link },
      events: this.#world.brokerEvents,
      given: (value: Uint8Array, given: Given) => void this.#given.set(value, given),
      window: (group: string) => ({
        messages: group === GROUP ? this.#window : Number.POSITIVE_INFINITY,
        bytes: WINDOW_BYTES,
      }),
      sizeOf: (record: StoredRecord) => this.#world.sizeOf(record),
    };
    this.#driver = new SimDriver({
      ...driverOptions(this.#world, parts),
      saysConnected: () => this.bus?.connection.state().status === 'connected',
    });
    const config = {
      type: 'simulated',
      simulated: { driver: this.#driver },
      serviceName: GROUP,
      publisher: { publishTimeout: settings.publishTimeout, maxInFlight: settings.maxInFlight },
      keyedWorkerPool: { queueSize: settings.queueSize },
      tracing: { enabled: false },
    } as unknown as EventBusConfig;
    this.bus = await createEventBus(config, { plugins: [simulated], logger: silent, clock: this.clock });
    keepBooks(this.#world, this.name, this.bus);
  }

  async #subscribe(): Promise<void> {
    const { bus } = this;
    if (bus === undefined) return;
    const generation = ++this.#generation;
    this.limit = this.concurrency;
    this.subscriptions = await subscribeAll({
      ...{ world: this.#world, bus, owner: this.#work, given: this.#given, generation },
      process: this.#asSeenByHandlers(),
      concurrency: this.concurrency,
      limit: () => this.limit,
      isOver: () => this.state === 'killed' || generation !== this.#generation,
    });
  }

  #asSeenByHandlers(): SimulatedProcess {
    return {
      name: this.name,
      bus: this.bus as EventBus,
      state: this.#world.state,
      io: (action) => this.#io(action),
    };
  }

  async #io<Result>(action: () => Result | Promise<Result>): Promise<Result> {
    await this.#perhapsKilled();
    const result = await action();
    await this.#perhapsKilled();
    return result;
  }

  /** A while, at the end of which the process may be no more. */
  async #perhapsKilled(): Promise<void> {
    const { time, faults, isCalm } = this.#world;
    await time.sleep(this.#random.between(0.1, 20), this.#work);
    if (isCalm || !this.isOpen || !this.#random.chance(faults.killed)) return;
    this.#world.vacate(this);
    this.kill();
    await new Promise(() => {});
  }

  /** Virtual milliseconds from now on, those not counted in which the event loop was busy. */
  #stopwatch(): () => number {
    const { time } = this.#world;
    const passed = () => time.now - time.idleOf(this.#owner);
    const began = passed();
    return () => passed() - began;
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
