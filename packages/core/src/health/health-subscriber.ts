/** Watches the probes on a topic, and alerts when they stay away. */
import type { Clock } from '../clock.js';
import { BusClosedError, EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import { shown } from '../util/shown.js';
import { Ticker } from '../util/ticker.js';
import { backOff } from '../util/waiting.js';
import { type AlertThresholds, alertTypeOf, missesOf, severityOfMisses, stepsTo } from './alerting.js';
import { type ReadProbe, readProbe } from './probe.js';
import type {
  AlertSeverity,
  AlertType,
  HealthAlert,
  HealthSubscriber,
  HealthSubscriberStats,
  ProbeRejection,
} from './types.js';

const JOIN_BACKOFF = { base: 1_000, max: 30_000 };

/** Topic, thresholds and parts of a `ProbeSubscriber`. */
export interface HealthSubscriberOptions extends AlertThresholds {
  readonly clock: Clock;
  /** Throws once the bus closes: nothing is started then. */
  assertOpen?(): void;
  readonly logger: Logger;
  readonly topic: string;
  /** The service whose probes count. Default: any, or on another service's topic the one that is seen first. */
  readonly expectedSource?: string | undefined;
  /** The topic is not the publisher's: it belongs to another service. Default false. */
  readonly watchesOther?: boolean;
  /** Milliseconds between two looks. */
  readonly monitorInterval: number;
  /** Milliseconds between two probes. */
  readonly expectedInterval: number;
  /** Milliseconds after which a probe is too old to count. */
  readonly messageTTL: number;
  readonly source: string;
  readonly eventBusType: string;
  /** Subscribes to the topic from now on; resolves in position. */
  join(onProbe: (text: string) => void, signal: AbortSignal): Promise<{ close(): Promise<unknown> }>;
  isConnected(): boolean;
  /** Asks the broker, within a second or until the signal aborts. Never rejects. */
  answers(signal: AbortSignal): Promise<boolean>;
  onAlert(alert: HealthAlert): void;
  onRejected(rejection: ProbeRejection): void;
}

/** One run, from `start` to `stop`. */
interface Run {
  readonly startedAt: Date;
  /** The same in monotonic time, as `silentSince`. */
  readonly began: number;
  /** Since the last probe that counts, or since the start. */
  silentSince: number;
  readonly ended: AbortController;
  received: number;
  readonly rejected: Record<ProbeRejection, number>;
  /** Those of each kind since the last look, of which the first was logged. */
  readonly unsaid: Map<ProbeRejection, number>;
  /** Whose probes count; undefined where all do, or none was seen yet. */
  watched: string | undefined;
  expiredSinceLast: number;
  lastMessageAt: Date | undefined;
  lastSource: string | undefined;
  latencyMs: number | undefined;
  alerts: number;
  lastAlertAt: Date | undefined;
  raised: { severity: AlertSeverity; alertType: AlertType } | undefined;
}

/** Watches one topic for probes of one service. Alerts when they stay away, and when they are back. */
export class ProbeSubscriber implements HealthSubscriber {
  readonly topic: string;
  readonly expectedSource: string | undefined;
  readonly watchesOther: boolean;
  readonly #options: HealthSubscriberOptions;
  readonly #ticker: Ticker;
  #run: Run | undefined;
  #joining: Promise<void> | undefined;

  constructor(options: HealthSubscriberOptions) {
    this.#options = options;
    this.topic = options.topic;
    this.expectedSource = options.expectedSource;
    this.watchesOther = options.watchesOther ?? false;
    this.#ticker = new Ticker(options.clock, options.monitorInterval, () => this.#look());
  }

  async start(): Promise<void> {
    this.#options.assertOpen?.();
    if (this.#ticker.started) return;
    const run = newRun(this.#options.clock, this.expectedSource);
    this.#run = run;
    this.#ticker.start();
    const tried = new Promise<void>((resolve) => {
      this.#joining = this.#stayJoined(run, resolve);
    });
    await tried;
  }

  async stop(): Promise<void> {
    this.#run?.ended.abort();
    await this.#ticker.stop();
    await this.#joining;
  }

  stats(): HealthSubscriberStats {
    const run = this.#run ?? newRun(this.#options.clock);
    const started = this.#run !== undefined;
    const running = this.#ticker.started;
    return {
      running,
      startedAt: started ? run.startedAt : undefined,
      lastMessageAt: run.lastMessageAt,
      received: run.received,
      rejected: { ...run.rejected },
      lastSource: run.lastSource,
      consecutiveMisses: running ? this.#misses(run) : 0,
      alerts: run.alerts,
      lastAlertAt: run.lastAlertAt,
      healthy: run.raised === undefined,
      uptimeSeconds: running ? (this.#options.clock.monotonic() - run.began) / 1_000 : 0,
    };
  }

  /** Of the alert that stands. */
  get severity(): AlertSeverity | undefined {
    return this.#ticker.started ? this.#run?.raised?.severity : undefined;
  }

  /** Milliseconds from the making of the newest probe to its arrival; its sender's clock counts. */
  get latencyMs(): number | undefined {
    return this.#run?.latencyMs;
  }

  /** Subscribed until stopped; `tried` is called after the first attempt, or where there is no connection to try on. */
  async #stayJoined(run: Run, tried: () => void): Promise<void> {
    const { join, isConnected, logger, topic, clock } = this.#options;
    for (let attempt = 1; !run.ended.signal.aborted; attempt++) {
      if (!isConnected()) tried();
      try {
        const { signal } = run.ended;
        const subscription = await join((text) => this.#received(run, text), signal);
        tried();
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await subscription.close();
        return;
      } catch (err) {
        tried();
        if (run.ended.signal.aborted || BusClosedError.isInstance(err)) return;
        const level = EbusError.isInstance(err) && err.retryable ? 'warn' : 'error';
        logger[level]({ err, topic }, 'cannot subscribe to the health probes; trying again');
        await backOff(clock, JOIN_BACKOFF, attempt, run.ended.signal);
      }
    }
  }

  #received(run: Run, text: string): void {
    if (run.ended.signal.aborted) return;
    const { clock, eventBusType, messageTTL } = this.#options;
    const now = clock.now();
    const read = this.#ofTheWatched(run, readProbe(text, eventBusType, now, messageTTL));
    if (read.rejection !== undefined) return this.#reject(run, read.rejection, read.detail);
    const { probe } = read;
    run.received++;
    run.expiredSinceLast = 0;
    run.lastMessageAt = new Date(now);
    run.silentSince = clock.monotonic();
    run.lastSource = probe.source;
    run.latencyMs = Math.max(0, now - probe.timestamp.getTime());
    if (run.raised !== undefined) this.#alert(run, 'recovered', run.raised.alertType);
    run.raised = undefined;
  }

  /** Another service's topic shows that this one service lives; others there prove nothing about it. */
  #ofTheWatched(run: Run, read: ReadProbe): ReadProbe {
    if (read.rejection !== undefined) return read;
    const { source } = read.probe;
    if (run.watched === undefined && this.watchesOther) {
      run.watched = source;
      const note =
        'watching the health probes of the service that was seen first; expectedSource says another';
      this.#options.logger.info({ topic: this.topic, source: shown(source) }, note);
    }
    if (run.watched === undefined || run.watched === source) return read;
    return {
      rejection: 'foreign',
      detail: `it is of '${shown(source, 60)}', and '${shown(run.watched, 60)}' is watched`,
    };
  }

  /** The first of its kind since the last look is logged, the others are counted: there may be a flood of them. */
  #reject(run: Run, rejection: ProbeRejection, detail: string): void {
    const { logger, topic, onRejected } = this.#options;
    run.rejected[rejection]++;
    if (rejection === 'expired') run.expiredSinceLast++;
    const unsaid = run.unsaid.get(rejection);
    run.unsaid.set(rejection, (unsaid ?? -1) + 1);
    if (unsaid === undefined) logger.warn({ topic, rejection, detail }, 'a health probe does not count');
    onRejected(rejection);
  }

  #sayRejected(run: Run): void {
    const { logger, topic } = this.#options;
    for (const [rejection, count] of run.unsaid) {
      if (count > 0) logger.warn({ topic, rejection, count }, 'more health probes like that do not count');
    }
    run.unsaid.clear();
  }

  async #look(): Promise<void> {
    const run = this.#run as Run;
    this.#sayRejected(run);
    if (this.#due(run).length === 0) return;
    // A client may learn late that its broker is away, and before that probes stay away.
    const isThere = this.#options.isConnected() && (await this.#options.answers(run.ended.signal));
    if (run.ended.signal.aborted) return;
    const alertType = alertTypeOf(isThere, run.expiredSinceLast);
    // None, where a probe came meanwhile.
    for (const severity of this.#due(run)) {
      run.raised = { severity, alertType };
      this.#alert(run, severity, alertType);
    }
  }

  /** Severities that were reached and not told. */
  #due(run: Run): readonly AlertSeverity[] {
    const severity = severityOfMisses(this.#misses(run), this.#options);
    return severity === undefined ? [] : stepsTo(severity, run.raised?.severity);
  }

  #misses(run: Run): number {
    return missesOf(this.#silentMs(run), this.#options.expectedInterval);
  }

  #silentMs(run: Run): number {
    return this.#options.clock.monotonic() - run.silentSince;
  }

  #alert(run: Run, severity: HealthAlert['severity'], alertType: AlertType): void {
    const { clock, source, eventBusType, topic, expectedInterval, onAlert } = this.#options;
    const now = new Date(clock.now());
    run.alerts++;
    run.lastAlertAt = now;
    onAlert({
      alertType,
      severity,
      source,
      eventBusType,
      topic,
      lastMessageAt: run.lastMessageAt,
      sinceLastMessageMs: this.#silentMs(run),
      expectedIntervalMs: expectedInterval,
      consecutiveMisses: this.#misses(run),
      timestamp: now,
      metadata: {
        ...(run.lastSource === undefined ? {} : { lastSource: run.lastSource }),
        ...(run.watched === undefined ? {} : { watchedSource: run.watched }),
      },
    });
  }
}

function newRun(clock: Clock, watched?: string): Run {
  return {
    startedAt: new Date(clock.now()),
    began: clock.monotonic(),
    silentSince: clock.monotonic(),
    ended: new AbortController(),
    received: 0,
    rejected: { malformed: 0, foreign: 0, expired: 0, future: 0 },
    unsaid: new Map(),
    watched,
    expiredSinceLast: 0,
    lastMessageAt: undefined,
    lastSource: undefined,
    latencyMs: undefined,
    alerts: 0,
    lastAlertAt: undefined,
    raised: undefined,
  };
}
