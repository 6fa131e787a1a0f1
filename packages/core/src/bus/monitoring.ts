/** Joins the monitors of a bus with their sources: health, backlog, and the gauges that have to be asked for. */
import { type LagReading, type LagSource, LagWatch } from '../backlog/lag-watch.js';
import { PublisherMonitor } from '../backlog/publisher-monitor.js';
import { stateOf } from '../backlog/severity.js';
import { SubscriberMonitor } from '../backlog/subscriber-monitor.js';
import type { Backlog } from '../backlog/types.js';
import { classOf } from '../driver/classified.js';
import type { Driver } from '../driver/driver.js';
import { formatDuration } from '../duration.js';
import { reasonOf } from '../errors.js';
import type { ConsumerSnapshot, UnknownLag } from '../health/consumers.js';
import { BusHealth } from '../health/health.js';
import type { ProbeSubscriber } from '../health/health-subscriber.js';
import type { HealthCheckEvent } from '../health/types.js';
import { Ticker } from '../util/ticker.js';
import { assertOpen, type MonitoringOptions, probePublisher, probeSubscribers, watchesOf } from './probes.js';

/** The label of the publisher's backlog among the topics of `backlog` and `backlog_state`. */
const PUBLISHER_LABEL = 'publisher';

/** Joins health, backlog and gauges with the bus that they watch. */
export class Monitoring {
  readonly health: BusHealth;
  readonly backlog: Backlog & { publisher: PublisherMonitor; subscriber: SubscriberMonitor };
  readonly #options: MonitoringOptions;
  readonly #lags: LagWatch;
  /** Of all consumers, instead of their own. */
  readonly #stalledAfter: number | undefined;
  /** Refreshes what changes without anything being recorded: lag, which also shows consumers that stand still. */
  readonly #gauges: Ticker;
  /** Those that the configuration asks for. */
  readonly #watchers: readonly ProbeSubscriber[];
  #lastHealthCheck: HealthCheckEvent | undefined;
  #stops = 0;

  constructor(options: MonitoringOptions) {
    const { config, clock, subscriptions, logger, closing } = options;
    this.#options = options;
    this.#stalledAfter = config.healthCheck.report.stalledAfter;
    this.#lags = new LagWatch({
      clock,
      closing,
      sources: () => subscriptions.consumers({ internal: false }).flatMap(({ lagSource }) => lagSource ?? []),
      onReadings: (readings) => this.#noteLags(readings),
    });
    this.#gauges = new Ticker(clock, config.metrics.collectInterval, () => this.#refreshGauges());
    this.backlog = { publisher: this.#publisherMonitor(), subscriber: this.#subscriberMonitor() };
    this.health = new BusHealth({
      clock,
      logger,
      publisher: probePublisher(options, {
        checked: (event) => {
          this.#lastHealthCheck = event;
        },
        suspect: (error) => this.#replaceClient(error, options.driver, 'health probes fail'),
      }),
      subscribers: probeSubscribers(options),
      maxEventLoopDelay: config.healthCheck.report.maxEventLoopDelay,
      sources: this.#healthSources(),
    });
    this.#watchers = watchesOf(config).length === 0 ? [] : this.health.subscribers;
  }

  get lastHealthCheck(): HealthCheckEvent | undefined {
    return this.#lastHealthCheck;
  }

  /** Starts the monitors that the configuration enables. */
  async start(): Promise<void> {
    const { config, metrics } = this.#options;
    this.health.watch();
    const starting: Promise<void>[] = [];
    if (config.publisher.backlogDetection.enabled) starting.push(this.backlog.publisher.start());
    if (config.subscriber.backlogDetection.enabled) starting.push(this.backlog.subscriber.start());
    if (config.healthCheck.enabled) starting.push(this.#startProbes());
    if (metrics !== undefined || config.healthCheck.enabled) this.#gauges.start();
    await Promise.all(starting);
  }

  /** Who watches begins first, so that it sees the first probe. */
  async #startProbes(): Promise<void> {
    const before = this.#stops;
    await Promise.all(this.#watchers.map((watcher) => watcher.start()));
    // Not where it was stopped meanwhile.
    if (this.#stops === before) await this.health.publisher.start();
  }

  /** Stops all running monitors, started by `start` or by hand. */
  async stop(): Promise<void> {
    this.#stops++;
    const { publisher, subscriber } = this.backlog;
    this.#lags.giveUp();
    await Promise.all([
      this.health.publisher.stop(),
      ...this.health.subscribers.map((watcher) => watcher.stop()),
      publisher.stop(),
      subscriber.stop(),
      this.#gauges.stop(),
    ]);
    this.health.unwatch();
  }

  #refreshGauges(): Promise<unknown> {
    for (const consumer of this.#options.subscriptions.consumers()) consumer.recordGauges();
    return this.#lags.ask();
  }

  #noteLags(readings: readonly LagReading[]): void {
    const { metrics, logger } = this.#options;
    const totals = new Map<string, number>();
    for (const { source, partitions, error } of readings) {
      const { topic, group } = source;
      if (partitions === undefined) {
        metrics?.recordError('lag', topic);
        logger.warn({ err: error, topic, group }, 'the lag of a subscription could not be asked for');
        this.#replaceWhereUnanswered(source, error);
        continue;
      }
      const lag = partitions.reduce((total, partition) => total + partition.lag, 0);
      totals.set(topic, (totals.get(topic) ?? 0) + lag);
    }
    if (metrics !== undefined) for (const [topic, lag] of totals) metrics.recordBacklog(topic, lag);
  }

  #unknownLag(consumer: object): UnknownLag | undefined {
    const failure = this.#lags.failureOf(consumer);
    const { connection, driver } = this.#options;
    // Without a connection nobody can be asked, and the report says so already.
    if (failure === undefined || connection.state().status !== 'connected') return undefined;
    const { error, forMs } = failure;
    const { code, retryable } = classOf(driver, error);
    return code === 'UNSUPPORTED' ? undefined : { forMs, retryable, reason: reasonOf(error) };
  }

  /** A client that is connected and gets no answer for long may talk to a broker that is not there any more. */
  #replaceWhereUnanswered({ identity }: LagSource, error: unknown): void {
    const { connection, driver } = this.#options;
    const unknown = this.#unknownLag(identity);
    const consumer = this.#consumers().find((snapshot) => snapshot.identity === identity);
    if (unknown === undefined || consumer === undefined) return;
    // A client that was replaced a moment ago is given as long again.
    const unanswered = Math.min(unknown.forMs, connection.lastedMs);
    if (unanswered > consumer.stallTimeoutMs) {
      this.#replaceClient(error, driver, 'questions about lag are not answered');
    }
  }

  #consumers(): ConsumerSnapshot[] {
    const stalledAfter = this.#stalledAfter;
    return this.#options.subscriptions.consumers().map((consumer) => {
      const snapshot = consumer.snapshot();
      return stalledAfter === undefined ? snapshot : { ...snapshot, stallTimeoutMs: stalledAfter };
    });
  }

  #publisherMonitor(): PublisherMonitor {
    const { config, clock, events, metrics, publisher, closing } = this.#options;
    const { maxQueueDepth, maxPublishLatency, rateThreshold, checkInterval } =
      config.publisher.backlogDetection;
    return new PublisherMonitor({
      maxQueueDepth,
      maxPublishLatency,
      rateThreshold,
      checkInterval,
      clock,
      assertOpen: () => assertOpen(closing),
      measure: (on) => publisher.measure(on),
      totals: () => ({
        queueDepth: publisher.open,
        ended: publisher.latencies.count,
        latencyMs: publisher.latencies.ms,
      }),
      onState: (state) => events.emit('publisherBacklog', state),
      onLook: ({ queueDepth, severity }) => {
        metrics?.recordBacklog(PUBLISHER_LABEL, queueDepth);
        metrics?.recordBacklogState(PUBLISHER_LABEL, stateOf(severity));
      },
    });
  }

  #subscriberMonitor(): SubscriberMonitor {
    const { config, clock, events, metrics, closing } = this.#options;
    const { maxLagThreshold, maxTimeThreshold, checkInterval } = config.subscriber.backlogDetection;
    return new SubscriberMonitor({
      maxLagThreshold,
      maxTimeThreshold,
      checkInterval,
      clock,
      assertOpen: () => assertOpen(closing),
      ask: () => this.#lags.ask(),
      onEvent: (event) => events.emit('subscriberBacklog', event),
      onLook: ({ topic }, severity) => metrics?.recordBacklogState(topic, stateOf(severity)),
    });
  }

  /** The client claims to be connected, and probes or lag requests fail: it is replaced, where that may help. */
  #replaceClient(error: unknown, driver: Driver, what: string): void {
    const { connection, logger, config } = this.#options;
    const { retryable } = classOf(driver, error);
    if (connection.state().status !== 'connected' || !retryable) return;
    const { failureThreshold } = config.healthCheck.publisher;
    logger.warn(
      { err: error, failureThreshold },
      `${what} while the client says it is connected: replacing it`,
    );
    connection.reconnect().catch((err: unknown) => {
      logger.error({ err }, 'replacing the client failed');
    });
  }

  #healthSources(): ConstructorParameters<typeof BusHealth>[0]['sources'] {
    const { driver, connection, subscriptions, publisher, topics, closing } = this.#options;
    return {
      connection: () => connection.state(),
      ping: async (signal) => (await driver.ping({ signal })).brokers,
      consumers: () => this.#consumers(),
      lagStates: (consumer) => this.#lags.lagStates(consumer),
      unknownLag: (consumer) => this.#unknownLag(consumer),
      backlogs: () => this.#backlogged(),
      figures: () => {
        const { handled, inFlight, oldestInFlightMs } = subscriptions.totals();
        return {
          processed: publisher.published + handled,
          messageBacklog: publisher.open + inFlight,
          oldestInFlightMs,
          topicCount: topics.list().length,
        };
      },
      isDraining: () => closing.aborted,
    };
  }

  /** In words; undefined where no monitor runs. */
  #backlogged(): string[] | undefined {
    const { publisher, subscriber } = this.backlog;
    if (!publisher.running && !subscriber.running) return undefined;
    const found: string[] = [];
    const state = publisher.running ? publisher.state() : undefined;
    if (state?.hasBacklog === true) {
      const { queueDepth, publishRate, avgPublishLatencyMs } = state;
      found.push(
        `publishing is backlogged: ${queueDepth} wait, ${Math.round(publishRate)} a second, ` +
          `${Math.round(avgPublishLatencyMs)} ms each`,
      );
    }
    for (const of of subscriber.states()) {
      const name = `${of.topic} (group ${of.consumerGroup})`;
      if (!('lagCount' in of)) found.push(`the lag of ${name} cannot be asked for`);
      else if (of.hasBacklog) {
        found.push(`${name} is ${of.lagCount} messages and ${formatDuration(of.lagTimeMs)} behind`);
      }
    }
    return found;
  }
}
