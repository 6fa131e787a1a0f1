/** Starting, stopping and closing a bus, phase by phase. */
import type { ConnectionSupervisor } from '../connection/supervisor.js';
import type { CloseReport } from '../consume/types.js';
import type { Driver } from '../driver/driver.js';
import { type Duration, parseDuration } from '../duration.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { Publisher } from '../publish/publisher.js';
import type { Extension } from '../registry/plugin.js';
import type { BusLogger } from '../util/bus-logger.js';
import { CLOSE_OPTIONS } from '../util/common-options.js';
import { checkOptions } from '../util/options.js';
import type { Inbound } from './inbound.js';
import type { Monitoring } from './monitoring.js';

const DEFAULT_CLOSE_TIMEOUT_MS = 30_000;
/** What flushing and disconnecting may take where draining has used the time up. */
const MIN_FLUSH_MS = 1_000;
const DISCONNECT_TIMEOUT_MS = 5_000;

export interface LifecycleOptions {
  topics: { close(): Promise<void> };
  driver: Driver;
  connection: ConnectionSupervisor;
  inbound: Inbound;
  publisher: Publisher;
  monitoring: Monitoring;
  extensions: readonly Extension[];
  metrics: MetricsCollector | undefined;
  logger: BusLogger;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;
  #started = false;
  #closing: Promise<CloseReport> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    // Extensions first: who asks over HTTP gets an answer while probes are still being subscribed to.
    for (const extension of this.#options.extensions) await extension.start?.();
    await this.#options.monitoring.start();
  }

  async stop(): Promise<void> {
    await this.#options.monitoring.stop();
    if (!this.#started) return;
    this.#started = false;
    for (const extension of this.#options.extensions) await extension.stop?.();
  }

  /** True once `close` was called. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  close(options: { timeout?: Duration }): Promise<CloseReport> {
    let timeout: number;
    try {
      checkOptions('close', options, CLOSE_OPTIONS);
      timeout = options.timeout === undefined ? DEFAULT_CLOSE_TIMEOUT_MS : parseDuration(options.timeout);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  async #close(timeout: number): Promise<CloseReport> {
    const { driver, connection, inbound, publisher, topics } = this.#options;
    const began = performance.now();
    // All of this begins before the first await: what the caller does next finds the bus closing.
    const told = this.#tellExtensions('closing');
    const unwatched = this.#attempt('ending topics.watch()', () => topics.close());
    const closing = inbound.refuse().map((subscription) => subscription.close({ timeout }));
    await told;
    await settledWithin(unwatched, MIN_FLUSH_MS);
    await this.#attempt('stopping', () => this.stop());

    // Handlers drain first, and may publish while they do; then publishing is refused and flushed.
    const drained = await Promise.all(closing);
    // The driver closes last, so a subscription that is just being made is given the time to give up.
    await settledWithin(inbound.joined(), MIN_FLUSH_MS);
    publisher.refuse();
    const left = Math.max(MIN_FLUSH_MS, timeout - (performance.now() - began));
    const flushed = await settledWithin(publisher.flush(), left);
    const { unpublished } = publisher.close();

    await this.#attempt('disconnecting', () =>
      driver.close({ signal: AbortSignal.timeout(DISCONNECT_TIMEOUT_MS) }),
    );
    connection.close();
    await this.#tellExtensions('close');
    await this.#attempt("the metrics collector's close()", async () => this.#options.metrics?.close?.());
    this.#options.logger.flush();
    return {
      handled: sum(drained.map((report) => report.handled)),
      abandoned: sum(drained.map((report) => report.abandoned)),
      unpublished,
      timedOut: !flushed || drained.some((report) => report.timedOut),
    };
  }

  async #tellExtensions(moment: 'closing' | 'close'): Promise<void> {
    for (const extension of this.#options.extensions) {
      await this.#attempt(`an extension's ${moment}()`, async () => extension[moment]?.());
    }
  }

  /** Closing goes on whatever one part of it does. */
  async #attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (err) {
      this.#options.logger.error({ err, what }, 'closing the bus: a step failed');
    }
  }
}

async function settledWithin(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const inTime = await Promise.race([work.then(() => true as const), late]);
  clearTimeout(timer);
  return inTime;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
