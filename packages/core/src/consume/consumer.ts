/** Takes a topic's messages in for one group over one route. */
import type { HighOffsets } from '../driver/high-offsets.js';
import type { DriverSubscription, SubscriptionSink } from '../driver/subscription.js';
import { type Duration, parseDuration } from '../duration.js';
import { EbusError } from '../errors.js';
import { CloseDeadline } from '../util/close-deadline.js';
import { type Deferred, deferred } from '../util/promise.js';
import { withoutEnds } from './at-end.js';
import { closeConsumer } from './closing.js';
import type { ConsumerParts } from './consumer-parts.js';
import { Intake } from './intake.js';
import type { ConsumePolicy } from './policy.js';
import { stallTimeoutOf } from './stall-timeout.js';
import { Trouble } from './trouble.js';
import type { CloseReport, Subscription, SubscriptionChanges, SubscriptionStats } from './types.js';
import { type UnknownPosition, unknownOf } from './unknown-positions.js';
import { Works } from './works.js';

const DEFAULT_CLOSE_TIMEOUT_MS = 30_000;

/** The application holds the `BusSubscription` around it. */
export class Consumer implements Omit<Subscription, 'update'> {
  readonly topic: string;
  readonly group: string;
  readonly #works: Works;
  readonly #intake: Intake;
  #stallTimeoutMs: number;
  #quiet: Deferred<void> | undefined;
  /** Set while it takes what its route holds, and nothing that comes later. */
  #draining: Deferred<void> | undefined;
  #closing: Promise<CloseReport> | undefined;
  #deadline: CloseDeadline | undefined;
  #hasEnded = false;
  readonly #trouble: Trouble;

  constructor(parts: ConsumerParts) {
    const { policy } = parts;
    this.topic = policy.topic;
    this.group = policy.group;
    this.#stallTimeoutMs = stallTimeoutOf(policy);
    const trouble = new Trouble(parts);
    this.#trouble = trouble;
    this.#works = new Works(parts, {
      settleFailed: (err, count) => trouble.settleFailed(err, count),
      renewFailed: (err) => trouble.renewFailed(err),
      leasesRunOut: (count) => {
        trouble.leasesLost(count);
        this.#intake.resumed();
      },
      emptied: () => this.#emptied(),
      stalled: (ms) => this.#stalled(ms),
      requestFailed: (err) => trouble.fetchFailed(err),
    });
    this.#intake = new Intake(this.#works, {
      failed: (err) => {
        if (EbusError.isInstance(err) && err.code === 'TOPIC_NOT_FOUND') parts.topicMissed();
        trouble.fetchFailed(err);
      },
      ended: () => this.#ended(),
      broken: (err) => this.fail(err),
      skipped: (delivery) => trouble.skippedOne(delivery),
      lost: (count) => trouble.leasesLost(count),
      others: () => trouble.others(),
    });
  }

  get sink(): SubscriptionSink {
    return this.#intake;
  }

  /** The subscription is in position. */
  attach(driver: DriverSubscription): void {
    this.#works.attach(driver);
  }

  begin(): void {
    this.#intake.start();
  }

  /** The connection is away, or back. */
  connectionChanged(isConnected: boolean): void {
    this.#intake.connectionChanged(isConnected);
  }

  /** It cannot go on: the driver broke its contract. */
  fail(err: unknown): void {
    if (this.#closing === undefined) this.#hasEnded = true;
    this.#trouble.fetchFailed(err);
  }

  /** The middleware changed: attempts begun from now on run through the new pipeline. */
  recompose(): void {
    this.#works.pipeline = this.#works.parts.pipeline();
  }

  /** Settings that are left out stay. */
  adjust({ concurrency, rateLimit }: SubscriptionChanges): void {
    if (concurrency !== undefined) this.#works.setConcurrency(concurrency);
    if (rateLimit !== undefined) this.#works.setRateLimit(rateLimit);
  }

  /** The topic's persistence is another one now, and its messages come over the same route as before. */
  setPolicy(policy: ConsumePolicy): void {
    this.#stallTimeoutMs = stallTimeoutOf(policy);
    this.#works.setPolicy(policy);
  }

  /**
   * Takes nothing more from this route. Resolves once its end is known, with a function that waits until all messages before it are
   * settled, and then closes. It has no timeout: a paused or halted subscription must not lose messages.
   */
  async drain(signal?: AbortSignal): Promise<() => Promise<void>> {
    const { driver, inFlight } = this.#works;
    this.#draining ??= deferred();
    const draining = this.#draining;
    try {
      if (driver?.drain === undefined || signal === undefined) {
        await driver?.stop();
        draining.resolve();
      } else {
        await driver.drain({ signal });
      }
    } catch (error) {
      this.#draining = undefined;
      throw error;
    }
    return async () => {
      await draining.promise;
      while (inFlight.count > 0 && this.#closing === undefined) await this.quiet();
      await this.close();
    };
  }

  pause(): void {
    this.#works.gate.close('paused');
  }

  resume(): void {
    this.#works.gate.open('paused');
  }

  retryHalted(key?: string): void {
    this.#works.runner.halts.retry(key);
    this.#works.credit.refresh();
  }

  async skipHalted(key?: string): Promise<void> {
    await this.#works.runner.halts.skip(key);
    this.#works.credit.refresh();
  }

  stats(): SubscriptionStats {
    const { inFlight, runner, gate, parts } = this.#works;
    const { oldest, count, bytes } = inFlight;
    return {
      inFlight: count,
      inFlightBytes: bytes,
      running: runner.running,
      halted: runner.halts.count,
      parked: this.#works.parked,
      overrunning: runner.overruns.count,
      paused: gate.isClosedBy('paused'),
      received: this.#intake.received,
      skipped: this.#trouble.skipped,
      oldestInFlightMs: oldest === undefined ? 0 : parts.clock.monotonic() - oldest.receivedAt,
      ...runner.counters,
    };
  }

  /** The messages at which its keys stand still. */
  haltedMessages() {
    const { runner, parts } = this.#works;
    return runner.halts.messages(parts.clock.monotonic(), parts.disclose);
  }

  /** Where its dead letters go. */
  get deadLetterTopic(): string {
    return this.#works.parts.policy.deadLetterTopic;
  }

  /** A sample for the health checks. Cheap: it keeps no record per message. */
  snapshot() {
    const { inFlight, runner, gate, settler, revocation } = this.#works;
    const { oldest, count } = inFlight;
    const { count: overrunning, overlapped } = runner.overruns;
    return {
      identity: this as object,
      topic: this.topic,
      group: this.group,
      inFlight: count,
      head:
        oldest === undefined
          ? undefined
          : { identity: oldest, state: oldest.state, runsUntil: oldest.attempt?.deadline },
      settling: settler.oldestUnconfirmed,
      received: this.#intake.received,
      halted: runner.halts.count,
      parked: this.#works.parked,
      overrunning: overrunning - overlapped,
      overlapped,
      paused: gate.isClosedBy('paused'),
      ended: this.#hasEnded,
      fetchFailures: this.#intake.failures,
      partitions: revocation.partitions,
      stallTimeoutMs: this.#stallTimeoutMs,
    };
  }

  /** How the group's lag can be asked for; undefined where the transport cannot say. */
  get lagSource() {
    const { driver, inFlight } = this.#works;
    if (driver?.lag === undefined || this.#closing !== undefined) return undefined;
    const ask = driver.lag.bind(driver);
    return {
      identity: this as object,
      topic: this.topic,
      group: this.group,
      received: this.#intake.received,
      ...inFlight.held(),
      lag: async (signal: AbortSignal) => withoutEnds(await ask({ signal }), this.#works.readSoFar),
    };
  }

  /** Partitions of published messages that this member cannot know to be handled by itself. */
  unknown(published: HighOffsets): UnknownPosition[] {
    return unknownOf(this.#works, published);
  }

  /** The unfinished work here, for messages to people. */
  get unfinished(): { unsettled: number; halted: readonly string[]; paused: boolean } {
    const { inFlight, paused } = this.stats();
    return { unsettled: inFlight, halted: this.#works.runner.halts.keys, paused };
  }

  get isQuiet(): boolean {
    return this.#works.inFlight.count === 0;
  }

  /** Resolves once nothing is unsettled here; more may have come since. For `bus.idle()`. */
  async quiet(): Promise<void> {
    if (this.#works.inFlight.count > 0) {
      this.#quiet ??= deferred();
      await this.#quiet.promise;
    }
    await this.#works.settler.settled();
  }

  async close({ timeout }: { timeout?: Duration } = {}): Promise<CloseReport> {
    const ms = timeout === undefined ? DEFAULT_CLOSE_TIMEOUT_MS : parseDuration(timeout);
    this.#deadline ??= new CloseDeadline(this.#works.parts.clock, ms);
    if (timeout !== undefined) this.#deadline.bringForward(ms);
    this.#closing ??= this.#close(this.#deadline);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Reports the present gauges to the collector. */
  recordGauges(): void {
    this.#works.showGauges();
  }

  async #close(deadline: CloseDeadline): Promise<CloseReport> {
    this.#draining?.resolve();
    try {
      return await closeConsumer(this.#works, this.#intake, deadline);
    } finally {
      deadline.end();
      this.#wakeQuiet();
    }
  }

  #emptied(): void {
    this.#wakeQuiet();
    this.#works.showGauges();
  }

  #wakeQuiet(): void {
    this.#quiet?.resolve();
    this.#quiet = undefined;
  }

  #stalled(ms: number): void {
    const { stands, inFlight, dispatcher } = this.#works;
    if (!stands) this.#trouble.stalled(ms, inFlight.count, dispatcher);
  }

  #ended(): void {
    if (this.#draining !== undefined) return this.#draining.resolve();
    this.#hasEnded = true;
    this.#trouble.ended();
  }
}
