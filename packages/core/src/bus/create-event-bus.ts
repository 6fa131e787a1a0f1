/** From a configuration and plug-ins to a connected bus. */
import { type Clock, systemClock } from '../clock.js';
import { metricsPart, metricsType } from '../config/metrics-part.js';
import type { ResolvedConfig } from '../config/schema.js';
import type { EventBusConfig } from '../config/types.js';
import { ConnectionSupervisor } from '../connection/supervisor.js';
import type { Driver } from '../driver/driver.js';
import { attachDriver } from '../driver/native.js';
import { checkedCodec } from '../envelope/checked-codec.js';
import { type EnvelopeCodec, jsonCodec } from '../envelope/codec.js';
import { abortError, ConnectionError, PluginError } from '../errors.js';
import { defaultLogger, type Logger } from '../logger.js';
import { bounded } from '../metrics/bounded.js';
import type { MetricsCollector } from '../metrics/collector.js';
import { guarded } from '../metrics/guarded.js';
import type { Extension, Plugin, PluginContext, TransportPlugin } from '../registry/plugin.js';
import { defaultRegistry, type Registry } from '../registry/registry.js';
import { REGISTRY_OPTIONS } from '../registry/registry-options.js';
import { activeIds } from '../telemetry/active-ids.js';
import { loadApi } from '../telemetry/sdk.js';
import type { ClientInfo } from '../telemetry/span-attributes.js';
import { keepsFormerNames } from '../telemetry/stability.js';
import { OpenTelemetry } from '../telemetry/tracing.js';
import type { TopicGovernance } from '../topics/governance.js';
import type { TopicOptions } from '../topics/types.js';
import { busLogger } from '../util/bus-logger.js';
import { type Disclose, discloser } from '../util/disclose.js';
import { guardedClock } from '../util/guarded-clock.js';
import * as kinds from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';
import { abortable, settledWithin } from '../util/waiting.js';
import { applyEagerly, applyLazily } from './apply-configured.js';
import { assemble } from './assemble.js';
import { Emitter } from './bus-events.js';
import { checkTopicNames } from './check-names.js';
import { busName, defaultGroup, NAMELESS } from './default-group.js';
import { EventBus } from './event-bus.js';

/** Options that a configuration file cannot hold. All are optional. */
export interface CreateEventBusOptions {
  /** Added to the registry for this bus. */
  plugins?: readonly Plugin[];
  /** Default: the process-wide `defaultRegistry`. */
  registry?: Registry;
  /**
   * Default: what `metrics` in the configuration names, else none at all. Several buses may share one. It is yours: close
   * it after the buses. The one that the configuration names is made, and closed, by the bus.
   */
  metrics?: MetricsCollector;
  /** pino- or console-shaped. Default: the console, silent below warn. */
  logger?: Logger;
  /**
   * Masks what must not leave the process in the texts of errors: in log lines, dead letters, events and spans. Called after
   * ebus' own masking of logins, passwords, tokens and keys. Where it throws, the text is left out.
   */
  redact?: (text: string) => string;
  /** Rules that every `topics.configure` has to keep, those of the configuration included. */
  governance?: TopicGovernance;
  /** Default: JSON as the Go services write it. */
  codec?: EnvelopeCodec;
  /** For tests. */
  clock?: Clock;
  /** Whether to start the parts that the configuration enables. Default true. */
  autoStart?: boolean;
  /** Gives up creating the bus; it has no meaning once the bus is there. */
  signal?: AbortSignal;
}

/** The time to undo a failed creation. */
const DISCARD_MS = 1_000;

/** The options of `createEventBus`, as they are checked. */
export const CREATE_OPTIONS = optionTable<CreateEventBusOptions>(
  {
    ...REGISTRY_OPTIONS,
    metrics: kinds.withMethods('a MetricsCollector', 'recordPublish', 'recordConsume', 'recordError'),
    logger: kinds.logger,
    redact: kinds.func,
    governance: kinds.withMethods('a TopicGovernance', 'check', 'fix'),
    codec: kinds.withMethods('an EnvelopeCodec', 'encode', 'decode'),
    clock: kinds.clock,
    autoStart: kinds.flag,
    signal: kinds.abortSignal,
  },
  { transport: 'give the plug-in in plugins: [memory]', transports: "use 'plugins' instead" },
);

/**
 * Creates a bus: validates the configuration, connects, configures its `topics`, starts its enabled parts.
 * @throws PluginError for a `type` that no registered plug-in has
 * @throws ConfigError listing all problems of the configuration
 * @throws ConnectionError naming the addresses, after `connectTimeout` (default 10 s)
 * @throws TopicApplyError where topics could not be configured; passing failures are tried again for `connectTimeout`
 * @throws EbusError `ABORTED` when `signal` aborts first. After any failure nothing is left behind.
 */
export async function createEventBus(
  config: EventBusConfig,
  options: CreateEventBusOptions = {},
): Promise<EventBus> {
  checkOptions('createEventBus', options, CREATE_OPTIONS);
  const registry = (options.registry ?? defaultRegistry).with(options.plugins ?? []);
  // The schemas, and zod with them, are loaded with the first bus.
  const { checkConfig } = await import('../config/check-config.js');
  const { readTopics } = await import('../config/read-topics.js');
  const { plugin, resolved } = checkConfig(config, { registry });
  const envelopeClock = options.clock ?? systemClock;
  const clock = guardedClock(envelopeClock, (err) => {
    logger.error({ err }, 'a timer failed; what it was for may not go on');
  });
  const handlerLogger = options.logger ?? defaultLogger;
  const disclose = discloser(options.redact);
  const { enabled, sampleRate, consumer, baggage } = resolved.tracing;
  const api = enabled ? await loadApi() : undefined;
  const logger = busLogger(handlerLogger, { clock, disclose, activeIds: api && activeIds(api) });
  const base = { environment: resolved.environment, logger, clock };
  const { signal } = options;
  if (signal?.aborted === true) throw abortError(signal, 'creating the event bus');

  const driver = await createDriver(plugin, resolved, {
    ...base,
    serviceName: resolved.serviceName ?? NAMELESS,
  });
  const serviceName = busName(driver, resolved.serviceName);
  const group = defaultGroup(driver, resolved.serviceName);
  const context: PluginContext = { ...base, serviceName };
  let ownMetrics: MetricsCollector | undefined;
  let bus: EventBus | undefined;
  let disconnected = false;
  try {
    checkTopicNames(resolved, driver);
    ownMetrics = configuredMetrics(resolved, options, registry, context);
    const metrics = ownMetrics ?? (options.metrics && bounded(guarded(options.metrics, logger)));
    const tracing = { sampleRate, consumer, baggage, disclose, clock };
    const telemetry = api && new OpenTelemetry(api, { ...tracing, ...clientOf(driver, resolved) });
    const events = new Emitter(logger, disclose);
    const closing = new AbortController();
    const connection = supervise(driver, resolved, {
      clock,
      logger,
      metrics,
      events,
      disclose,
      closing: closing.signal,
    });
    const extensions: Extension[] = [];
    const codec = options.codec === undefined ? jsonCodec : checkedCodec(options.codec);
    const parts = assemble({
      config: resolved,
      serviceName,
      defaultGroup: group,
      driver,
      clock,
      envelopeClock,
      logger,
      handlerLogger,
      disclose,
      metrics,
      ownMetrics,
      telemetry,
      codec,
      events,
      connection,
      governance: options.governance,
      readTopics: (file) => readTopics(file, { registry, environment: resolved.environment }),
      extensions,
      closing,
    });

    const host = {
      serviceName,
      defaultGroup: group,
      clock,
      logger,
      topicConfigStrategy: resolved.topicConfigStrategy,
      configuredTopic: (topic: string) => parts.topics.writtenOf(topic),
    };
    const configs = resolved.topics as Record<string, TopicOptions>;
    const applying = { configs, clock, logger, closing: closing.signal };
    const isLazy = resolved.connect === 'lazy';
    if (isLazy) {
      parts.topics.declare(configs);
      connection.connectLazily(host, () => void applyLazily({ ...applying, topics: parts.topics }));
    } else {
      await connection.connect(host, signal).catch((error: unknown) => {
        disconnected = true;
        throw error;
      });
    }
    bus = new EventBus(parts);
    attachDriver(bus, plugin.name, driver);
    for (const [name, section] of resolved.extensions) {
      const extension = registry.extensions().find((candidate) => candidate.name === name);
      if (extension !== undefined) extensions.push(await extension.create(bus, section, context));
    }
    const opened = bus;
    const open = async () => {
      if (!isLazy) await applyEagerly({ ...applying, topics: opened.topics }, resolved.connectTimeout);
      if (options.autoStart !== false) await opened.start();
    };
    await abortable(open(), signal, 'creating the event bus');
    return bus;
  } catch (error) {
    if (bus !== undefined) await bus.close({ timeout: 0 });
    else await discard(clock, disconnected ? undefined : driver, ownMetrics);
    throw error;
  }
}

/** The client that spans describe. */
function clientOf(driver: Driver, { serviceName }: ResolvedConfig): ClientInfo {
  return {
    system: driver.system,
    clientId: driver.clientId ?? serviceName,
    server: () => driver.server,
    formerNames: keepsFormerNames(process.env.OTEL_SEMCONV_STABILITY_OPT_IN),
  };
}

/** Leaves nothing behind of a bus that never was. */
async function discard(
  clock: Clock,
  driver: Driver | undefined,
  ownMetrics: MetricsCollector | undefined,
): Promise<void> {
  const signal = clock.timeout(DISCARD_MS);
  await settledWithin(clock, (async () => driver?.close({ signal }))(), DISCARD_MS);
  await settledWithin(clock, (async () => ownMetrics?.close?.())(), DISCARD_MS);
}

/** The one that the configuration names; the bus makes it and closes it. */
function configuredMetrics(
  { metrics }: ResolvedConfig,
  options: CreateEventBusOptions,
  registry: Registry,
  context: PluginContext,
): MetricsCollector | undefined {
  if (options.metrics !== undefined || !metrics.enabled) return undefined;
  const plugin = registry.metricsCollector(metricsType(metrics));
  const collector = plugin.create(plugin.config.parse(metricsPart(metrics, plugin)), context);
  return bounded(guarded(collector, context.logger));
}

async function createDriver(
  plugin: TransportPlugin,
  config: ResolvedConfig,
  context: PluginContext,
): Promise<Driver> {
  const driver = await plugin.create(config.transport, context);
  if (driver?.specVersion === 2) return driver;
  throw new PluginError(
    `transport '${plugin.name}' was written for version ${String((driver as { specVersion?: unknown } | undefined)?.specVersion)} of the driver interface, and ` +
      'this @ebus/core has version 2; install matching versions',
  );
}

function supervise(
  driver: Driver,
  { connectTimeout, publisher }: ResolvedConfig,
  parts: {
    clock: Clock;
    logger: Logger;
    metrics: MetricsCollector | undefined;
    events: Emitter;
    disclose: Disclose;
    closing: AbortSignal;
  },
): ConnectionSupervisor {
  const { clock, logger, metrics, events, disclose, closing } = parts;
  const { maxReconnectAttempts, initialBackoff, maxBackoff } = publisher;
  return new ConnectionSupervisor({
    driver,
    clock,
    logger,
    metrics,
    closing,
    connectTimeout,
    maxReconnectAttempts,
    initialBackoff,
    maxBackoff,
    events: {
      changed: (status, error) => {
        metrics?.recordConnection(status === 'connected');
        if (status === 'connected') events.emit('connected', {});
        else if (status === 'reconnecting') events.emit('reconnecting', { error });
        else if (status !== 'connecting') events.emit('disconnected', { error });
        if (status !== 'reconnecting' && status !== 'failed') return;
        const cause = error ?? new ConnectionError('the connection was lost');
        events.emit('error', { source: 'connection', status, error: cause, errorMessage: disclose(cause) });
      },
      cameBack: () => events.emitInTurn('reconnected', {}),
    },
  });
}
