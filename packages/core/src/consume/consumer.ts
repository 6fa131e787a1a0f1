/** A subscription at work: joins fetching, dispatching, running and settling, and closes them in order. */
import type { Clock } from '../clock.js';
import type { DeadLetterWriter } from '../dead-letters/dead-letter-writer.js';
import { REDRIVE_GROUP_HEADER } from '../dead-letters/format.js';
import type { DriverSubscription } from '../driver/driver.js';
import type { IncomingMessage, SettleOutcome } from '../driver/message.js';
import { type Duration, parseDuration } from '../duration.js';
import { EbusError } from '../errors.js';
import { findHeader, headerText } from '../headers.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { GaugeShare } from '../metrics/shared-gauges.js';
import type { Handle } from '../pipeline/compose.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import { HighOffsets } from '../util/high-offsets.js';
import { type Deferred, deferred } from '../util/promise.js';
import { settledWithin } from '../util/settled-within.js';
import { shown } from '../util/shown.js';
import type { TokenBucket } from '../util/token-bucket.js';
import type { Attempt } from './attempt.js';
import { Delivery } from './delivery.js';
import { type Dispatcher, orderedDispatcher, UnorderedDispatcher } from './dispatcher.js';
import { Drain } from './drain.js';
import type { ConsumeEvents } from './events.js';
import { InFlight } from './in-flight.js';
import { LeaseKeeper } from './lease-keeper.js';
import { type ConsumePolicy, rateLimitOf } from './policy.js';
import { ReceiveLoop } from './receive-loop.js';
import { Revocation } from './revocation.js';
import { Runner } from './runner.js';
import { Settler } from './settler.js';
import { stallTimeoutOf } from './stall-timeout.js';
import { StartGate } from './start-gate.js';
import type { CloseReport, Subscription, SubscriptionChanges, SubscriptionStats } from './types.js';

/** The window: what one subscription may hold unsettled. */
const WINDOW_BYTES = 64 * 1024 * 1024;
const MAX_WINDOW_MESSAGES = 10_000;
const MIN_UNORDERED_WINDOW = 256;
const DEFAULT_CLOSE_TIMEOUT_MS = 30_000;
/** How long aborted handlers may take to return before their messages are handed back. */
const ABORT_GRACE_MS = 100;
/** How long the broker may take to confirm what was settled last, and to let the member go. */
const CONFIRM_TIMEOUT_MS = 5_000;
const LEAVE_TIMEOUT_MS = 5_000;
/** A redrive of many is told once, with how many it was so far. */
const SKIPS_TOLD_EVERY_MS = 60_000;
/** What it may take where the time of the close is used up. */
const LEAST_MS = 500;

export interface ConsumerParts {
  policy: ConsumePolicy;
  driver: DriverSubscription;
  clock: Clock;
  loopYield: EventLoopYield;
  logger: Logger;
  handlerLogger: Logger;
  metrics: MetricsCollector | undefined;
  gauges: GaugeShare | undefined;
  events: ConsumeEvents;
  deadLetters: DeadLetterWriter;
  /** The rate limits that the policy means, full. */
  bucketsOf(policy: ConsumePolicy): readonly TokenBucket[];
  /** Finds the lane of a delivery, and keeps on it what was decoded for that; absent where there is no order. */
  assignLane: ((delivery: Delivery) => void) | undefined;
  /** The pipeline at this moment. */
  pipeline(): Handle<Attempt>;
}

/** Takes a topic's messages in for one group over one route. The application holds the `BusSubscription` around it. */
export class Consumer implements Omit<Subscription, 'update'> {
  readonly topic: string;
  readonly group: string;
  readonly #parts: ConsumerParts;
  readonly #inFlight = new InFlight();
  readonly #drain: Drain;
  readonly #runner: Runner;
  readonly #gate: StartGate;
  readonly #dispatcher: Dispatcher;
  readonly #settler: Settler;
  readonly #loop: ReceiveLoop;
  readonly #leases: LeaseKeeper;
  /** How far this member has received, where that says something: of its own partitions, or nobody can be asked. */
  readonly #reached: HighOffsets | undefined;
  #windowMessages: number;
  #pipeline: Handle<Attempt>;
  #stallTimeoutMs: number;
  #quiet: Deferred<void> | undefined;
  /** Set while it hands over what its route holds, and nothing that comes later. */
  #draining: Deferred<void> | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<CloseReport> | undefined;
  #closed = false;
  #hasEnded = false;
  #revocation: Revocation | undefined;
  #received = 0;
  #skipped = 0;
  #skipsToldAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ConsumerParts) {
    const { policy, driver, clock, loopYield } = parts;
    this.#parts = parts;
    this.topic = policy.topic;
    this.group = policy.group;
    this.#pipeline = parts.pipeline();
    const tells = driver.onAssignment !== undefined || driver.lag === undefined;
    this.#reached = tells ? new HighOffsets() : undefined;
    this.#stallTimeoutMs = stallTimeoutOf(policy);
    this.#drain = new Drain(this.#inFlight, clock);
    this.#settler = new Settler(driver, (err, count) => this.#settleFailed(err, count));
    this.#runner = new Runner({
      policy,
      clock,
      logger: parts.logger,
      handlerLogger: parts.handlerLogger,
      metrics: parts.metrics,
      events: parts.events,
      deadLetters: parts.deadLetters,
      invoke: (attempt) => this.#pipeline(attempt),
      finish: (delivery, outcome) => this.#finish(delivery, outcome),
    });
    this.#gate = new StartGate(
      (delivery) => (delivery.revoked ? this.#dispatcher.release(delivery) : this.#runner.start(delivery)),
      parts.bucketsOf(policy),
      clock,
    );
    const start = (delivery: Delivery) => {
      // Its lane is shorter by one now.
      this.#loop.wake();
      if (delivery.revoked) this.#dispatcher.release(delivery);
      else this.#gate.pass(delivery);
    };
    const ordered = policy.ordering !== 'none';
    this.#dispatcher = ordered
      ? orderedDispatcher(policy.concurrency, start)
      : new UnorderedDispatcher(policy.concurrency, start);
    this.#windowMessages = windowOf(policy);
    this.#runner.connect(this.#dispatcher, this.#gate);
    this.#leases = new LeaseKeeper(driver, clock, this.#inFlight, (err) => this.#renewFailed(err));
    this.#loop = new ReceiveLoop({
      driver,
      clock,
      loopYield,
      room: () => this.#room(),
      accept: (messages, start, end) => this.#accept(messages, start, end),
      onError: (err) => this.#fetchFailed(err),
      onEnded: () => this.#ended(),
      stallAfter: policy.reportStallAfter,
      onStalled: (ms) => this.#noRoom(ms),
    });
  }

  /** Begins to fetch. */
  begin(): void {
    this.#leases.start();
    this.#followAssignments();
    this.#running = this.#loop.run().catch((err: unknown) => this.fail(err));
  }

  /** It cannot go on: a driver did what it must not. */
  fail(err: unknown): void {
    if (this.#closing === undefined) this.#hasEnded = true;
    this.#fetchFailed(err);
  }

  /** The middleware changed: attempts begun from now on run through the new pipeline. */
  recompose(): void {
    this.#pipeline = this.#parts.pipeline();
  }

  /** What is left out stays. */
  adjust({ concurrency, rateLimit }: SubscriptionChanges): void {
    if (concurrency !== undefined) {
      this.#parts.policy = { ...this.#parts.policy, concurrency };
      this.#windowMessages = windowOf(this.#parts.policy);
      this.#dispatcher.setConcurrency(concurrency);
      this.#loop.wake();
    }
    if (rateLimit !== undefined) {
      this.#parts.policy = { ...this.#parts.policy, rateLimit: rateLimitOf(rateLimit) };
      this.#gate.setBuckets(this.#parts.bucketsOf(this.#parts.policy));
    }
  }

  /** The topic's persistence is another one now, and its messages come over the same route as before. */
  setPolicy(policy: ConsumePolicy): void {
    this.#parts.policy = policy;
    this.#stallTimeoutMs = stallTimeoutOf(policy);
    this.#runner.setPolicy(policy);
  }

  /**
   * Takes nothing more from this route. Resolves once its end is known, with a function
   * that waits until everything before it is settled, and then closes: for as long as that takes, since who is paused
   * or halted must not lose anything.
   */
  async drain(signal?: AbortSignal): Promise<() => Promise<void>> {
    const { driver } = this.#parts;
    this.#draining ??= deferred();
    const { promise } = this.#draining;
    try {
      if (driver.drain === undefined || signal === undefined) driver.stop();
      else await driver.drain({ signal });
    } catch (error) {
      this.#draining = undefined;
      throw error;
    }
    return async () => {
      await promise;
      while (this.#inFlight.count > 0 && this.#closing === undefined) await this.quiet();
      await this.close();
    };
  }

  pause(): void {
    this.#gate.close('paused');
  }

  resume(): void {
    this.#gate.open('paused');
    this.#loop.wake();
  }

  retryHalted(key?: string): void {
    this.#runner.halts.retry(key);
    this.#loop.wake();
  }

  async skipHalted(key?: string): Promise<void> {
    await this.#runner.halts.skip(key);
    this.#loop.wake();
  }

  stats(): SubscriptionStats {
    const { oldest, count, bytes } = this.#inFlight;
    return {
      inFlight: count,
      inFlightBytes: bytes,
      running: this.#runner.running,
      halted: this.#runner.halts.count,
      overrunning: this.#runner.overrunning,
      paused: this.#gate.isClosedBy('paused'),
      received: this.#received,
      skipped: this.#skipped,
      oldestInFlightMs: oldest === undefined ? 0 : this.#parts.clock.monotonic() - oldest.receivedAt,
      ...this.#runner.counters,
    };
  }

  /** Where its dead letters go. */
  get deadLetterTopic(): string {
    return this.#parts.policy.deadLetterTopic;
  }

  /** What watches over consumers sees of this one. Cheap: nothing is kept for it for each message. */
  snapshot() {
    const { oldest, count } = this.#inFlight;
    const overlapped = this.#runner.overlapped;
    return {
      identity: this as object,
      topic: this.topic,
      group: this.group,
      inFlight: count,
      head:
        oldest === undefined
          ? undefined
          : { identity: oldest, state: oldest.state, runsUntil: oldest.attempt?.deadline },
      settling: this.#settler.oldestUnconfirmed,
      received: this.#received,
      halted: this.#runner.halts.count,
      overrunning: this.#runner.overrunning - overlapped,
      overlapped,
      paused: this.#gate.isClosedBy('paused'),
      ended: this.#hasEnded,
      fetchFailures: this.#loop.failures,
      partitions: this.#revocation?.partitions,
      stallTimeoutMs: this.#stallTimeoutMs,
    };
  }

  /** How the group's lag can be asked for; undefined where the transport cannot say. */
  get lagSource() {
    const { driver } = this.#parts;
    if (driver.lag === undefined || this.#closing !== undefined) return undefined;
    const ask = driver.lag.bind(driver);
    return {
      identity: this as object,
      topic: this.topic,
      group: this.group,
      received: this.#received,
      ...this.#inFlight.held(),
      lag: (signal: AbortSignal) => ask({ signal }),
    };
  }

  /** Of what was published, the partitions where this member does not know by itself that it was handled. */
  unknown(published: HighOffsets): { partition: number; offset: number; isOwn: boolean }[] {
    const mine = this.#revocation?.partitions;
    const askable = this.#parts.driver.lag !== undefined;
    const unknown: { partition: number; offset: number; isOwn: boolean }[] = [];
    for (const [partition, offset] of published.entries()) {
      const isOwn = mine?.has(partition) === true || !askable;
      const reached = isOwn ? this.#reached?.get(partition) : undefined;
      if (reached === undefined || reached < offset) unknown.push({ partition, offset, isOwn });
    }
    return unknown;
  }

  /** What is not done here, for people. */
  get unfinished(): { unsettled: number; halted: readonly string[]; paused: boolean } {
    const { inFlight, paused } = this.stats();
    return { unsettled: inFlight, halted: this.#runner.halts.keys, paused };
  }

  /** Nothing is unsettled here, and the driver has nothing at hand. */
  get isQuiet(): boolean {
    return this.#inFlight.count === 0 && (this.#loop.idle || this.#closed);
  }

  /** Resolves once nothing is unsettled here; more may have come since. For `bus.idle()`. */
  async quiet(): Promise<void> {
    if (this.#inFlight.count > 0) {
      this.#quiet ??= deferred();
      await this.#quiet.promise;
    }
    await this.#settler.settled();
  }

  async close(options: { timeout?: Duration } = {}): Promise<CloseReport> {
    const { timeout } = options;
    const ms = timeout === undefined ? DEFAULT_CLOSE_TIMEOUT_MS : parseDuration(timeout);
    this.#closing ??= this.#close(ms).finally(() => {
      this.#closed = true;
      this.#wakeQuiet();
    });
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #followAssignments(): void {
    const { driver, clock, events } = this.#parts;
    if (driver.onAssignment === undefined) return;
    this.#revocation = new Revocation({
      ...{ topic: this.topic, clock, events },
      ...{ inFlight: this.#inFlight, drain: this.#drain, settler: this.#settler },
      ...{ runner: this.#runner, dispatcher: this.#dispatcher },
      reached: this.#reached ?? new HighOffsets(),
      onDropped: () => this.#letGo(),
    });
    driver.onAssignment(this.#revocation);
  }

  get #stands(): boolean {
    return this.#gate.isClosedBy('paused') || this.#gate.isClosedBy('halted');
  }

  #room(): { messages: number; bytes: number } {
    if (this.#stands) return { messages: 0, bytes: 0 };
    const inWindow = this.#windowMessages - this.#inFlight.count;
    // All that is fetched may be of one key.
    const inLane = this.#parts.policy.queuePerKey - this.#dispatcher.longest;
    return {
      messages: Math.min(inWindow, inLane),
      bytes: WINDOW_BYTES - this.#inFlight.bytes,
    };
  }

  #accept(messages: readonly IncomingMessage[], start: number, end: number): void {
    const now = this.#parts.clock.monotonic();
    const { assignLane, gauges } = this.#parts;
    const reached = this.#reached;
    this.#received += end - start;
    this.#settler.beginBatch();
    for (let index = start; index < end; index++) {
      const incoming = messages[index] as IncomingMessage;
      const delivery = new Delivery(incoming, now);
      if (reached !== undefined && incoming.position !== undefined) reached.note(incoming.position);
      if (assignLane !== undefined) assignLane(delivery);
      this.#inFlight.add(delivery);
      if (this.#isForAnotherGroup(incoming)) this.#skip(delivery, now);
      else this.#dispatcher.push(delivery);
    }
    this.#settler.endBatch();
    if (gauges !== undefined) this.#showIn(gauges);
  }

  /** Shows the collector what is held now; nothing where there is none. */
  recordGauges(): void {
    const { gauges } = this.#parts;
    if (gauges !== undefined) this.#showIn(gauges);
  }

  #showIn(gauges: GaugeShare): void {
    const { queued, activeKeys } = this.#dispatcher;
    gauges.set(this.#inFlight.count, queued, activeKeys);
  }

  /** A redriven message is handled only by the group that had dead-lettered it. */
  #isForAnotherGroup({ headers }: IncomingMessage): boolean {
    if (headers.length === 0 || !this.#parts.policy.trustsRedrives) return false;
    const group = findHeader(headers, REDRIVE_GROUP_HEADER);
    return group !== undefined && headerText(group) !== this.group;
  }

  #skip(delivery: Delivery, now: number): void {
    this.#skipped++;
    this.#parts.metrics?.recordSkipped?.(this.topic);
    this.#finish(delivery, 'skipped');
    if (now - this.#skipsToldAt < SKIPS_TOLD_EVERY_MS) return;
    this.#skipsToldAt = now;
    const { key, headers, position } = delivery.incoming;
    const redrivenFor = shown(headerText(findHeader(headers, REDRIVE_GROUP_HEADER) ?? ''));
    this.#parts.logger.warn(
      { topic: this.topic, group: this.group, redrivenFor, key, position, skipped: this.#skipped },
      "not handled here: the message says that it was redriven for another group; with redrives: 'ignore' it would be",
    );
  }

  /** The outcome is final. What is released stays in the list, to be handed back in log order by the close. */
  #finish(delivery: Delivery, outcome: SettleOutcome): void {
    if (delivery.state === 'done') return;
    delivery.state = 'done';
    delivery.outcome = outcome;
    if (outcome !== 'released') {
      this.#inFlight.remove(delivery);
      this.#settler.add(delivery);
    }
    if (delivery.attempts > 0) this.#dispatcher.release(delivery);
    this.#letGo();
    this.#drain.noteEnd();
  }

  /** Something is no longer in flight. */
  #letGo(): void {
    this.#loop.wake();
    if (this.#inFlight.count === 0) this.#emptied();
  }

  #emptied(): void {
    if (this.#quiet !== undefined) this.#wakeQuiet();
    this.recordGauges();
  }

  #wakeQuiet(): void {
    const quiet = this.#quiet;
    this.#quiet = undefined;
    quiet?.resolve();
  }

  async #close(timeout: number): Promise<CloseReport> {
    const { deadLetters, clock } = this.#parts;
    const handledBefore = this.#runner.counters.handled;
    const deadline = clock.monotonic() + timeout;
    const left = (most: number) => Math.min(most, Math.max(LEAST_MS, deadline - clock.monotonic()));

    this.#loop.stop();
    this.#draining?.resolve();
    this.#cutWaitsShort();
    const inTime = await this.#drain.within(timeout);
    if (!inTime) {
      const reason = new EbusError(`the subscription to '${this.topic}' is closing`, { code: 'BUS_CLOSED' });
      for (const delivery of this.#inFlight) this.#runner.abandon(delivery, reason);
      deadLetters.stop();
      await this.#drain.within(ABORT_GRACE_MS);
    }
    if (!(await settledWithin(clock, this.#running ?? Promise.resolve(), left(LEAVE_TIMEOUT_MS))))
      this.#loop.abandon();
    await this.#confirmed(left(CONFIRM_TIMEOUT_MS));
    const abandoned = this.#handBack();
    await this.#confirmed(left(CONFIRM_TIMEOUT_MS));
    this.#leases.stop();
    this.#parts.gauges?.set(0, 0, 0);
    this.#runner.close();
    await this.#leave(left(LEAVE_TIMEOUT_MS));
    return {
      handled: this.#runner.counters.handled - handledBefore,
      abandoned,
      unpublished: 0,
      timedOut: !inTime,
    };
  }

  /** Not for ever, where the driver does not heed its signal. Never rejects. */
  async #leave(ms: number): Promise<void> {
    const { driver, logger, clock } = this.#parts;
    const leaving = (async () => driver.close({ signal: clock.timeout(ms) }))().catch((err: unknown) => {
      logger.warn({ err, topic: this.topic, group: this.group }, 'could not leave the group cleanly');
    });
    await settledWithin(clock, leaving, ms + LEAST_MS);
  }

  /** Backoff, rate limit, pause and halt end here: those messages stay unsettled. */
  #cutWaitsShort(): void {
    this.#runner.beginClosing();
    this.#gate.shut();
    for (const delivery of this.#inFlight) {
      if (delivery.backoffTimer !== undefined) this.#parts.clock.clearTimeout(delivery.backoffTimer);
      if (delivery.state === 'running' || delivery.state === 'dead-lettering') continue;
      delivery.state = 'done';
      delivery.outcome = 'released';
    }
  }

  /** All is settled, or the broker does not say so in time: what is not settled comes again. */
  async #confirmed(ms: number): Promise<void> {
    const { clock } = this.#parts;
    const late = deferred();
    const timer = clock.setTimeout(late.resolve, ms);
    await Promise.race([this.#settler.settled(), late.promise]);
    clock.clearTimeout(timer);
  }

  /** Everything still unsettled goes back to the broker, oldest first. Returns how many. */
  #handBack(): number {
    let count = 0;
    for (const delivery of this.#inFlight) {
      delivery.state = 'done';
      delivery.outcome = 'released';
      this.#inFlight.remove(delivery);
      this.#settler.add(delivery);
      count++;
    }
    return count;
  }

  #renewFailed(err: unknown): void {
    const { logger, metrics } = this.#parts;
    metrics?.recordError('lease', this.topic);
    const note = 'leases could not be renewed; the messages may come again, here or elsewhere';
    logger.error({ err, topic: this.topic, group: this.group }, note);
  }

  #settleFailed(err: unknown, count: number): void {
    const { events, metrics } = this.#parts;
    metrics?.recordError('settle', this.topic);
    events.failed('settle', err, 'settling failed; the messages may come again', { count });
  }

  #noRoom(ms: number): void {
    if (this.#stands) return;
    const { topic, group } = this;
    const { logger, policy } = this.#parts;
    const { longest } = this.#dispatcher;
    if (longest < policy.queuePerKey) {
      logger.info(
        { topic, group, ms, inFlight: this.#inFlight.count },
        'fetching waits for room in the window',
      );
      return;
    }
    const key = shown(this.#dispatcher.longestKey() ?? '');
    const note =
      'fetching waits for one aggregate: as many of its messages wait as keyedWorkerPool.queueSize permits';
    logger.warn({ topic, group, ms, key, waiting: longest }, note);
  }

  #ended(): void {
    if (this.#draining !== undefined) return this.#draining.resolve();
    const { events, metrics } = this.#parts;
    this.#hasEnded = true;
    metrics?.recordError('receive', this.topic);
    const note =
      'the transport has ended the subscription: nothing more is received; close it and subscribe again';
    const error = new EbusError(`the subscription to '${this.topic}' has ended`, {
      code: 'SUBSCRIBE_FAILED',
    });
    events.failed('receive', error, note);
  }

  #fetchFailed(err: unknown): void {
    const { events, metrics } = this.#parts;
    metrics?.recordError('receive', this.topic);
    events.failed('receive', err, 'fetching failed; trying again');
  }
}

/** What one subscription may hold unsettled. */
function windowOf({ ordering, concurrency, queuePerKey }: ConsumePolicy): number {
  return ordering === 'none'
    ? Math.max(MIN_UNORDERED_WINDOW, 2 * concurrency)
    : Math.min(MAX_WINDOW_MESSAGES, concurrency * queuePerKey);
}
