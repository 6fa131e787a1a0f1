/** Watches the backlog of publishes. */
import type { Clock } from '../clock.js';
import { Ticker } from '../util/ticker.js';
import { ratioOf, severityOf } from './severity.js';
import type { BacklogSeverity, PublisherBacklog, PublisherBacklogState } from './types.js';

/** Totals since publishes are measured. */
export interface PublishTotals {
  readonly queueDepth: number;
  /** Publishes that ended, well or not. */
  readonly ended: number;
  /** Milliseconds that those took together. */
  readonly latencyMs: number;
}

/** Limits and parts of a `PublisherMonitor`. Times in milliseconds; a limit of 0 or less is off. */
export interface PublisherMonitorOptions {
  readonly clock: Clock;
  /** Throws once the bus closes: nothing is started then. */
  assertOpen?(): void;
  /** Limits of 0 or less are off. */
  readonly maxQueueDepth: number;
  readonly maxPublishLatency: number;
  readonly rateThreshold: number;
  readonly checkInterval: number;
  /** Publishes are measured only while this is on. */
  measure(on: boolean): void;
  totals(): PublishTotals;
  onState(state: PublisherBacklogState): void;
  /** Called at each look. */
  onLook(state: PublisherBacklogState): void;
}

/** Compares queue depth, rate and average latency of publishes with their limits at every interval. */
export class PublisherMonitor implements PublisherBacklog {
  readonly #options: PublisherMonitorOptions;
  readonly #ticker: Ticker;
  #before: PublishTotals & { at: number } = { queueDepth: 0, ended: 0, latencyMs: 0, at: 0 };
  #severity: BacklogSeverity = 'NORMAL';
  #state: PublisherBacklogState | undefined;

  constructor(options: PublisherMonitorOptions) {
    this.#options = options;
    this.#ticker = new Ticker(options.clock, options.checkInterval, () => this.#look());
  }

  get running(): boolean {
    return this.#ticker.started;
  }

  async start(): Promise<void> {
    this.#options.assertOpen?.();
    if (this.running) return;
    this.#options.measure(true);
    this.#before = { ...this.#options.totals(), at: this.#options.clock.monotonic() };
    this.#severity = 'NORMAL';
    this.#state = undefined;
    this.#ticker.start();
  }

  async stop(): Promise<void> {
    await this.#ticker.stop();
    this.#options.measure(false);
  }

  state(): PublisherBacklogState | undefined {
    return this.#state;
  }

  #look(): void {
    const { clock, totals, onState, onLook } = this.#options;
    const { maxQueueDepth, maxPublishLatency, rateThreshold } = this.#options;
    const now = clock.monotonic();
    const { queueDepth, ended, latencyMs } = totals();
    const before = this.#before;
    this.#before = { queueDepth, ended, latencyMs, at: now };
    const count = ended - before.ended;
    const publishRate = (count * 1_000) / Math.max(1, now - before.at);
    const avgPublishLatencyMs = count === 0 ? 0 : (latencyMs - before.latencyMs) / count;
    const measured: [value: number, limit: number][] = [
      [queueDepth, maxQueueDepth],
      [avgPublishLatencyMs, maxPublishLatency],
      [publishRate, rateThreshold],
    ];
    const backlogRatio = Math.max(...measured.map(([value, limit]) => ratioOf(value, limit)));
    const hasBacklog = measured.some(([value, limit]) => limit > 0 && value > limit);
    const severity = severityOf(backlogRatio);
    const state: PublisherBacklogState = {
      hasBacklog,
      queueDepth,
      publishRate,
      avgPublishLatencyMs,
      backlogRatio,
      severity,
      timestamp: new Date(clock.now()),
    };
    const changed = severity !== this.#severity;
    this.#severity = severity;
    this.#state = state;
    onLook(state);
    if (changed || hasBacklog) onState(state);
  }
}
