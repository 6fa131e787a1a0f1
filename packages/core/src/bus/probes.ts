/** The probes of a bus: those that it sends, and those that it watches. */
import type { Clock } from '../clock.js';
import type { ProbeWatch, ResolvedConfig } from '../config/schema.js';
import type { ConnectionSupervisor } from '../connection/supervisor.js';
import type { Subscriptions } from '../consume/subscriptions.js';
import type { Driver } from '../driver/driver.js';
import { parseDuration } from '../duration.js';
import { BusClosedError, ConnectionError } from '../errors.js';
import { ProbePublisher } from '../health/health-publisher.js';
import { ProbeSubscriber } from '../health/health-subscriber.js';
import { defaultProbeTopic } from '../health/probe.js';
import type { HealthCheckEvent } from '../health/types.js';
import { WATCH_DEFAULTS } from '../health/watch-defaults.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { Outbound } from '../publish/outbound.js';
import type { Publisher } from '../publish/publisher.js';
import type { BusTopicManager } from '../topics/topic-manager.js';
import { anySignal } from '../util/any-signal.js';
import { within } from '../util/waiting.js';
import type { Emitter } from './bus-events.js';
import { probeTransport } from './probe-transport.js';

/** How long a broker may take to show that it is there. */
const ANSWER_MS = 1_000;

/** Parts that are watched, and where findings go. */
export interface MonitoringOptions {
  readonly config: ResolvedConfig;
  /** The name of the bus. */
  readonly serviceName: string;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsCollector | undefined;
  readonly events: Emitter;
  readonly connection: ConnectionSupervisor;
  readonly topics: BusTopicManager;
  readonly publisher: Publisher;
  readonly outbound: Outbound;
  readonly subscriptions: Subscriptions;
  /** Aborts when the bus begins to close: nothing is started after that, and questions under way are given up. */
  readonly closing: AbortSignal;
}

/** Sends this bus' probes. `checked` hears of each; `suspect` where the client seems to be dead. */
export function probePublisher(
  options: MonitoringOptions,
  { checked, suspect }: { checked(event: HealthCheckEvent): void; suspect(error: unknown): void },
): ProbePublisher {
  const { config, clock, metrics, events, connection, closing } = options;
  const { interval, timeout, failureThreshold, topic } = config.healthCheck.publisher;
  const name = topic ?? defaultProbeTopic(config.type);
  // Without a connection it is not held until the next one is due.
  const limit = () => (connection.state().status === 'connected' ? timeout : Math.min(timeout, interval));
  const transport = probeTransport({ ...options, topic: name, limit });
  return new ProbePublisher({
    clock,
    assertOpen: () => assertOpen(closing),
    topic: name,
    interval,
    failureThreshold,
    source: options.serviceName,
    eventBusType: config.type,
    send: ({ messageId }, json, signal) => transport.send(messageId, json, signal),
    connection: () => connection.state(),
    connectedMs: () => connection.lastedMs,
    connectTimeout: config.connectTimeout,
    onChecked: (event) => {
      checked(event);
      metrics?.recordHealthCheck(event.healthy, event.durationMs / 1_000);
      events.emit('healthCheck', event);
    },
    onSuspect: suspect,
  });
}

const DEFAULT_WATCH: ProbeWatch = {
  ...WATCH_DEFAULTS,
  monitorInterval: parseDuration(WATCH_DEFAULTS.monitorInterval),
};

/** Those that the configuration asks for; one that is not started where it asks for none. */
export function probeSubscribers(options: MonitoringOptions): [ProbeSubscriber, ...ProbeSubscriber[]] {
  const [first = DEFAULT_WATCH, ...others] = watchesOf(options.config);
  return [probeSubscriber(first, options), ...others.map((watch) => probeSubscriber(watch, options))];
}

function probeSubscriber(watch: ProbeWatch, options: MonitoringOptions): ProbeSubscriber {
  const { config, driver, clock, logger, metrics, events, connection, closing } = options;
  const { publisher } = config.healthCheck;
  const own = publisher.topic ?? defaultProbeTopic(config.type);
  const topic = watch.topic ?? own;
  const transport = probeTransport({ ...options, topic, limit: () => publisher.timeout });
  const { expectedSource, monitorInterval, warningThreshold, errorThreshold, criticalThreshold } = watch;
  return new ProbeSubscriber({
    expectedSource,
    monitorInterval,
    warningThreshold,
    errorThreshold,
    criticalThreshold,
    clock,
    assertOpen: () => assertOpen(closing),
    logger,
    topic,
    watchesOther: topic !== own,
    expectedInterval: watch.expectedInterval ?? publisher.interval,
    messageTTL: publisher.messageTTL,
    source: options.serviceName,
    eventBusType: config.type,
    join: (onProbe, signal) => transport.join(onProbe, signal),
    isConnected: () => connection.state().status === 'connected',
    answers: (signal) => answers(driver, anySignal(clock.timeout(ANSWER_MS), signal)),
    onAlert: (alert) => {
      const level = alert.severity === 'recovered' ? 'info' : alert.severity === 'warning' ? 'warn' : 'error';
      logger[level]({ alert }, `health probes: ${alert.severity}`);
      events.emit('healthAlert', alert);
    },
    onRejected: (rejection) => metrics?.recordError(`health_probe_${rejection}`, topic),
  });
}

async function answers(driver: Driver, signal: AbortSignal): Promise<boolean> {
  try {
    await within(driver.ping({ signal }), signal, () => {
      throw new ConnectionError('the broker did not answer');
    });
    return true;
  } catch {
    return false;
  }
}

/** The watchers that the configuration asks for. */
export function watchesOf({ healthCheck: { subscriber, subscribers } }: ResolvedConfig): ProbeWatch[] {
  return subscriber === undefined ? subscribers : [subscriber, ...subscribers];
}

/** @throws BusClosedError once the bus closes */
export function assertOpen(closing: AbortSignal): void {
  if (closing.aborted) throw new BusClosedError();
}
