/** Health as the bus offers it: probes out, probes in, and the report over all checks. */
import type { Clock } from '../clock.js';
import { abortError } from '../errors.js';
import type { Logger } from '../logger.js';
import { SIGNAL_OPTIONS } from '../util/common-options.js';
import { checkOptions } from '../util/options.js';
import { abortable } from '../util/waiting.js';
import { BusinessChecks } from './business-checks.js';
import {
  type ConsumerSnapshot,
  ConsumerWatch,
  type PartitionLagState,
  type UnknownLag,
} from './consumers.js';
import { EventLoopMonitor } from './event-loop-monitor.js';
import type { ProbePublisher } from './health-publisher.js';
import type { ProbeSubscriber } from './health-subscriber.js';
import { type Outcome, outcomeWithin } from './outcome.js';
import {
  backlogCheck,
  connectionCheck,
  consumersCheck,
  eventLoopCheck,
  publisherCheck,
  subscriberCheck,
  type Watching,
  worst,
} from './report.js';
import type { BusinessCheck, EventBusHealth, Health, HealthCheckResult, HealthReport } from './types.js';

/** The time of one check before it counts as unhealthy. */
const CHECK_TIMEOUT_MS = 5_000;
/** Reports that follow each other faster than that show the same throughput. */
const MIN_RATE_WINDOW_MS = 1_000;

/** The sources of the report, read at the moment of asking. */
export interface HealthSources {
  connection(): { readonly status: EventBusHealth['connectionStatus']; readonly reconnects: number };
  /** A round trip to the broker; says how many brokers the client knows of, if it does. */
  ping(signal: AbortSignal): Promise<number | undefined>;
  consumers(): readonly ConsumerSnapshot[];
  lagStates(consumer: object): readonly PartitionLagState[];
  /** Undefined where the last question about its lag was answered. */
  unknownLag(consumer: object): UnknownLag | undefined;
  /** The backlogs, in words; undefined where no monitor runs. */
  backlogs(): readonly string[] | undefined;
  figures(): {
    /** Published and handled since the bus was made. */
    readonly processed: number;
    readonly messageBacklog: number;
    readonly oldestInFlightMs: number;
    readonly topicCount: number;
  };
  isDraining(): boolean;
}

/** Parts of `bus.health`. */
export interface HealthOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly publisher: ProbePublisher;
  /** At least one; the first is `health.subscriber`. */
  readonly subscribers: readonly [ProbeSubscriber, ...ProbeSubscriber[]];
  /** Milliseconds that the event loop may be held up. */
  readonly maxEventLoopDelay: number;
  readonly sources: HealthSources;
  /** For tests. Default 5 s. */
  readonly checkTimeout?: number;
}

/** `bus.health`. Reports that are asked for at once share one run of the checks. */
export class BusHealth implements Health {
  readonly publisher: ProbePublisher;
  readonly subscriber: ProbeSubscriber;
  readonly subscribers: readonly ProbeSubscriber[];
  readonly #options: HealthOptions;
  readonly #checkTimeout: number;
  readonly #business: BusinessChecks;
  readonly #consumers = new ConsumerWatch();
  readonly #eventLoop: EventLoopMonitor;
  #reporting: Promise<HealthReport> | undefined;
  #rate = { at: 0, processed: 0, perSecond: 0 };
  #brokerCount: number | undefined;

  constructor(options: HealthOptions) {
    const { clock, logger, sources } = options;
    this.#options = options;
    this.#checkTimeout = options.checkTimeout ?? CHECK_TIMEOUT_MS;
    this.publisher = options.publisher;
    [this.subscriber] = options.subscribers;
    this.subscribers = options.subscribers;
    this.#business = new BusinessChecks(logger, clock);
    this.#eventLoop = new EventLoopMonitor(clock, () =>
      this.#consumers.sample(sources.consumers(), clock.monotonic()),
    );
  }

  register(check: BusinessCheck): () => void {
    return this.#business.register(check);
  }

  async report(options: { signal?: AbortSignal } = {}): Promise<HealthReport> {
    checkOptions('health.report', options, SIGNAL_OPTIONS);
    const { signal } = options;
    if (signal?.aborted === true) throw abortError(signal, 'the health report');
    this.watch();
    this.#reporting ??= this.#report().finally(() => {
      this.#reporting = undefined;
    });
    return abortable(this.#reporting, signal, 'the health report');
  }

  /** Begins to look at the event loop and the consumers. A report does so by itself, and knows more the longer it ran. */
  watch(): void {
    if (!this.#options.sources.isDraining()) this.#eventLoop.start();
  }

  unwatch(): void {
    this.#eventLoop.stop();
  }

  async #report(): Promise<HealthReport> {
    const { sources, clock, maxEventLoopDelay } = this.#options;
    const began = clock.monotonic();
    // Asked first: while the round trip is awaited, the loop is free, and would look as if it had been.
    const worstDelay = this.#eventLoop.worstMs();
    const [ping, business] = await Promise.all([this.#ping(), this.#business.run(this.#checkTimeout)]);
    const connection = sources.connection();
    const draining = sources.isDraining();
    const checks: HealthCheckResult[] = [
      connectionCheck(connection.status, ping, this.#checkTimeout),
      publisherCheck(this.publisher.status()),
      ...this.#watching().map((watching) => subscriberCheck(watching)),
      eventLoopCheck(worstDelay, maxEventLoopDelay),
      this.#consumersCheck(),
      backlogCheck(sources.backlogs()),
    ].filter((check) => check !== undefined);
    const status = worst([...checks, ...business].map((check) => check.status));
    return {
      status,
      ready: status !== 'unhealthy' && !draining,
      draining,
      timestamp: new Date(clock.now()),
      durationMs: clock.monotonic() - began,
      eventBus: this.#figures(connection),
      checks,
      business,
    };
  }

  #watching(): Watching[] {
    const alone = this.subscribers.length === 1;
    return this.subscribers.map((subscriber) => {
      const { topic, expectedSource, watchesOther, severity } = subscriber;
      const service = expectedSource === undefined ? '' : ` (${expectedSource})`;
      const name = alone ? 'subscriber' : `subscriber ${topic}${service}`;
      return { name, topic, watchesOther, stats: subscriber.stats(), severity };
    });
  }

  /** Only where the client says that it is connected: otherwise no broker can answer. */
  async #ping(): Promise<{ outcome: Outcome; ms: number } | undefined> {
    const { sources, clock } = this.#options;
    if (sources.connection().status !== 'connected') return undefined;
    const began = clock.monotonic();
    const outcome = await outcomeWithin(clock, this.#checkTimeout, async (signal) => {
      this.#brokerCount = await sources.ping(signal);
    });
    return { outcome, ms: clock.monotonic() - began };
  }

  #consumersCheck(): HealthCheckResult {
    const { sources, clock } = this.#options;
    const now = clock.monotonic();
    const consumers = sources.consumers();
    const findings = consumers.flatMap((snapshot) => {
      const { identity } = snapshot;
      return this.#consumers.judge(snapshot, sources.lagStates(identity), now, sources.unknownLag(identity));
    });
    const inFlight = consumers.reduce((total, snapshot) => total + snapshot.inFlight, 0);
    const { oldestInFlightMs } = sources.figures();
    return consumersCheck(findings, { subscriptions: consumers.length, inFlight, oldestInFlightMs });
  }

  #figures({ status, reconnects }: ReturnType<HealthSources['connection']>): EventBusHealth {
    const { processed, messageBacklog, topicCount } = this.#options.sources.figures();
    const { consecutiveFailures, lastSuccessAt, lastFailureAt } = this.publisher.status();
    const given = {
      publishLatencyMs: this.publisher.latencyMs,
      subscribeLatencyMs: this.subscriber.latencyMs,
      lastSuccessAt,
      lastFailureAt,
      brokerCount: this.#brokerCount,
    };
    return {
      ...(Object.fromEntries(
        Object.entries(given).filter(([, value]) => value !== undefined),
      ) as Partial<EventBusHealth>),
      connectionStatus: status,
      consecutiveFailures,
      throughputPerSecond: this.#throughput(processed),
      messageBacklog,
      reconnectCount: reconnects,
      topicCount,
    };
  }

  #throughput(processed: number): number {
    const now = this.#options.clock.monotonic();
    const { at, processed: before, perSecond } = this.#rate;
    if (now - at < MIN_RATE_WINDOW_MS) return perSecond;
    const rate = at === 0 ? 0 : ((processed - before) * 1_000) / (now - at);
    this.#rate = { at: now, processed, perSecond: Math.round(rate * 10) / 10 };
    return this.#rate.perSecond;
  }
}
