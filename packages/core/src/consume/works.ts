import type { RedriveCommand } from '../dead-letters/park/redrive-command.js';
import { HighOffsets } from '../driver/high-offsets.js';
import type { SettleOutcome } from '../driver/message.js';
import type { DriverSubscription } from '../driver/subscription.js';
import type { Handle } from '../pipeline/compose.js';
import type { ReadSoFar } from './at-end.js';
import type { Attempt } from './attempt.js';
import type { ConsumerParts } from './consumer-parts.js';
import { Credit } from './credit.js';
import type { Delivery } from './delivery.js';
import { type Dispatcher, orderedDispatcher, UnorderedDispatcher } from './dispatcher.js';
import { Drain } from './drain.js';
import { InFlight } from './in-flight.js';
import { KeyRedrives } from './key-redrive.js';
import { Leases } from './leases.js';
import { appendBehind, parkUnhandled } from './park-unhandled.js';
import { Parking } from './parking.js';
import { type ConsumePolicy, rateLimitOf } from './policy.js';
import { Revocation } from './revocation.js';
import { Runner } from './runner.js';
import { Settler } from './settler.js';
import { StartGate } from './start-gate.js';
import type { SubscriptionChanges } from './types.js';
import {
  type Missing,
  NONE_MISSING,
  roomForMissing,
  roomOf,
  roomWith,
  WINDOW_BYTES,
  windowOf,
} from './window.js';

/** Reports of the parts to their consumer. */
export interface WorksEvents {
  settleFailed(error: unknown, count: number): void;
  renewFailed(error: unknown): void;
  leasesRunOut(count: number): void;
  /** Nothing is in flight any more. */
  emptied(): void;
  stalled(ms: number): void;
  requestFailed(error: unknown): void;
}

/** Builds the parts of one consumer and passes events between them. */
export class Works {
  readonly parts: ConsumerParts;
  readonly inFlight = new InFlight();
  readonly drain: Drain;
  readonly settler: Settler;
  readonly runner: Runner;
  readonly gate: StartGate;
  readonly dispatcher: Dispatcher;
  readonly credit: Credit;
  readonly leases: Leases;
  readonly revocation: Revocation;
  /** Set with `onExhausted: 'park'`. */
  readonly parking: Parking | undefined;
  readonly redrives: KeyRedrives | undefined;
  /** How far this member has received, where that counts: of its own partitions, or where no other can be asked. */
  reached: HighOffsets | undefined;
  pipeline: Handle<Attempt>;
  /** How many messages are in no lane yet. */
  readAhead: () => number = () => 0;
  driver: DriverSubscription | undefined;
  readonly #events: WorksEvents;
  #window: number;
  /** There is room for these in any case. */
  missing: Missing = NONE_MISSING;

  constructor(parts: ConsumerParts, events: WorksEvents) {
    this.parts = parts;
    this.#events = events;
    const { policy, clock } = parts;
    const { inFlight } = this;
    this.pipeline = parts.pipeline();
    this.#window = windowOf(policy);
    this.drain = new Drain(inFlight, clock);
    this.settler = new Settler((error, count) => events.settleFailed(error, count), parts.settling);
    this.gate = new StartGate(
      (delivery) => this.#start(delivery),
      parts.bucketsOf(policy),
      clock,
      () => this.credit.refresh(),
    );
    const toGate = (delivery: Delivery) => this.#leaveLane(delivery);
    this.dispatcher =
      policy.ordering === 'none'
        ? new UnorderedDispatcher(policy.concurrency, toGate)
        : orderedDispatcher(policy.concurrency, toGate);
    [this.parking, this.redrives] = this.#parking();
    this.runner = new Runner({
      ...{ parking: this.parking, redrives: this.redrives },
      ...{ policy, inFlight, clock },
      ...{ logger: parts.logger, handlerLogger: parts.handlerLogger, metrics: parts.metrics },
      ...{ events: parts.events, deadLetters: parts.deadLetters },
      invoke: (attempt) => this.pipeline(attempt),
      finish: (delivery, outcome) => this.finish(delivery, outcome),
    });
    this.runner.connect(this.dispatcher, this.gate);
    this.leases = new Leases({
      clock,
      inFlight,
      leaving: () => this.revocation.leaving(),
      onError: (error) => events.renewFailed(error),
      onRunOut: (deliveries) => this.#runOut(deliveries),
    });
    this.revocation = new Revocation({
      ...{ topic: policy.topic, clock, events: parts.events, inFlight },
      ...{ drain: this.drain, runner: this.runner, dispatcher: this.dispatcher, settler: this.settler },
      givesBack: () => this.leases.any,
      forget: (partition) => this.reached?.delete(partition),
      onDropped: () => this.#left(),
    });
    this.credit = new Credit({
      inFlight,
      clock,
      bytes: WINDOW_BYTES,
      window: () => this.#window,
      most: () => Math.min(this.#window, parts.policy.queuePerKey),
      room: () => this.#room(),
      isStarved: () => this.runner.running <= this.runner.overruns.count,
      stallAfter: policy.reportStallAfter,
      onStalled: (ms) => events.stalled(ms),
      onError: (error) => events.requestFailed(error),
    });
  }

  /** Who settles, renews and pushes from now on. */
  attach(driver: DriverSubscription): void {
    this.driver = driver;
    this.settler.attach(driver);
    if (driver.lag === undefined) this.reached ??= new HighOffsets();
  }

  /** Paused, halted without order, or not told yet what is unsettled elsewhere: nothing is fetched. */
  get stands(): boolean {
    const { gate } = this;
    return gate.isClosedBy('paused') || gate.isClosedBy('halted') || this.missing.missing === undefined;
  }

  /** Also the room for what must come has been taken by others. */
  get isOverfull(): boolean {
    const { missing = 0 } = this.missing;
    return missing > 0 && roomForMissing(this.#window, this.inFlight.count, this.missing) <= 0;
  }

  setPolicy(policy: ConsumePolicy): void {
    this.parts.policy = policy;
    this.runner.setPolicy(policy);
    this.resize();
  }

  /** So many handlers run at once from now on. With fewer, those that wait at the gate for their start give up their places. */
  setConcurrency(concurrency: number): void {
    const { parts, dispatcher, gate, runner } = this;
    parts.policy = { ...parts.policy, concurrency };
    dispatcher.setConcurrency(concurrency);
    for (let left = gate.waiting - Math.max(0, concurrency - runner.running); left > 0; left--) {
      const delivery = gate.takeLast();
      if (delivery === undefined) break;
      dispatcher.hold(delivery);
      dispatcher.resume(delivery);
    }
    this.resize();
  }

  /** Deliveries that wait for their start are measured by it, too. */
  setRateLimit(rateLimit: NonNullable<SubscriptionChanges['rateLimit']>): void {
    const { parts, gate } = this;
    parts.policy = { ...parts.policy, rateLimit: rateLimitOf(rateLimit) };
    gate.setBuckets(parts.bucketsOf(parts.policy));
  }

  /** The policy permits another window. */
  resize(): void {
    this.#window = windowOf(this.parts.policy);
    this.credit.resize();
  }

  /** The outcome is final. A released delivery stays in flight, to be handed back in log order by the close. */
  finish(delivery: Delivery, outcome: SettleOutcome): void {
    if (delivery.state === 'done') return;
    if (delivery.redrive !== undefined && outcome !== 'released') return this.redrives?.letterDone(delivery);
    this.inFlight.finish(delivery, outcome);
    if (outcome !== 'released') this.settler.add(delivery);
    if (delivery.attempts > 0 || delivery.isHeld) this.dispatcher.release(delivery);
    this.#left();
  }

  /** They were not begun, and are the broker's again, which redelivers them. */
  handBack(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (delivery.share === undefined) continue;
      this.inFlight.letGo(delivery);
      this.settler.add(delivery);
    }
    this.#left();
  }

  /** Until `endBatch`, finished deliveries are settled together, and the driver is granted nothing. */
  beginBatch(): void {
    this.settler.beginBatch();
    this.credit.hold();
  }

  endBatch(): void {
    this.settler.endBatch();
    this.credit.release();
  }

  /** For telling a log that has been read to its end from one that is behind. */
  get readSoFar(): ReadSoFar {
    const { inFlight, revocation, reached } = this;
    return { partitions: revocation.partitions, held: inFlight.held().held, reached };
  }

  /** How many keys are parked. */
  get parked(): number {
    return this.parking?.count ?? 0;
  }

  /** Reports the present gauges to the collector, if there is one. */
  showGauges(): void {
    const { gauges } = this.parts;
    if (gauges === undefined) return;
    gauges.set(this.inFlight.count, this.dispatcher.queued, this.dispatcher.activeKeys);
    gauges.setStanding(this.runner.halts.count, this.parked);
  }

  #start(delivery: Delivery): void {
    if (!delivery.revoked && this.leases.any && this.leases.hasRunOut(delivery)) this.leases.drop();
    if (delivery.revoked) return this.dispatcher.release(delivery);
    if (delivery.redrive === undefined) {
      if (delivery.command !== undefined) return this.#redrive(delivery, delivery.command);
      if (this.parking?.takes(delivery) === true) return;
      if (delivery.parks) return parkUnhandled(delivery, this.parking, this.runner);
    }
    this.runner.start(delivery);
  }

  #redrive(delivery: Delivery, command: RedriveCommand): void {
    if (this.redrives !== undefined) return this.redrives.begin(delivery, command);
    delivery.isHeld = true;
    this.finish(delivery, 'skipped');
  }

  #parking(): [Parking | undefined, KeyRedrives | undefined] {
    const { inFlight, dispatcher, gate, parts } = this;
    const { policy, clock, events, disclose, parkedLetters: letters } = parts;
    if (letters === undefined) return [undefined, undefined];
    const finish = (delivery: Delivery, outcome: SettleOutcome) => this.finish(delivery, outcome);
    const parking =
      policy.onExhausted === 'park'
        ? new Parking({
            ...{ policy, clock, events, gate, letters, finish },
            append: (delivery) => appendBehind(delivery, this.runner),
          })
        : undefined;
    const redrives = new KeyRedrives({
      ...{ policy, clock, disclose, events, inFlight, dispatcher, letters, finish },
      noted: (note) => parking?.apply(note),
    });
    return [parking, redrives];
  }

  #leaveLane(delivery: Delivery): void {
    // Its lane is shorter by one now.
    this.credit.released();
    if (delivery.revoked) this.dispatcher.release(delivery);
    else this.gate.pass(delivery);
  }

  #runOut(deliveries: readonly Delivery[]): void {
    this.driver?.letGo?.(deliveries.map(({ token }) => token));
    this.revocation.leasesLost(deliveries, `the lease of a message of '${this.parts.policy.topic}' ran out`);
    this.#events.leasesRunOut(deliveries.length);
  }

  #left(): void {
    this.credit.released();
    if (this.inFlight.count === 0) this.#events.emptied();
  }

  #room() {
    if (this.stands) return NO_ROOM;
    // All that was read ahead may be of the longest key.
    const longest = this.dispatcher.longest + this.readAhead();
    const room = roomOf(this.parts.policy, this.#window, this.inFlight, longest);
    return roomWith(room, this.#window, this.inFlight.count, this.missing);
  }
}

const NO_ROOM = { messages: 0, bytes: 0 };
