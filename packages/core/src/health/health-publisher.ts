/** Sends probes, and notes whether the broker acknowledges them. */
import type { Clock } from '../clock.js';
import { Ticker } from '../util/ticker.js';
import { createProbe, encodeProbe, instanceIdOf, type Probe } from './probe.js';
import type { HealthCheckEvent, HealthPublisher, HealthPublisherStatus } from './types.js';

/** Topic, interval and parts of a `ProbePublisher`. Times in milliseconds. */
export interface HealthPublisherOptions {
  readonly clock: Clock;
  /** Throws once the bus closes: nothing is started then. */
  assertOpen?(): void;
  readonly topic: string;
  /** Milliseconds between two probes. */
  readonly interval: number;
  readonly failureThreshold: number;
  readonly source: string;
  readonly eventBusType: string;
  /** Publishes a probe; resolves with the broker's acknowledgement, rejects when aborted or at its timeout. */
  send(probe: Probe, json: string, signal: AbortSignal): Promise<void>;
  /** The connection's state by the client: a new object at each change. */
  connection(): { readonly status: string };
  /** For how long it has said so, in milliseconds. */
  connectedMs(): number;
  /** Milliseconds that a new connection may take until it works fully. */
  readonly connectTimeout: number;
  onChecked(event: HealthCheckEvent): void;
  /** So many probes in a row have failed on a connection that is said to be well, and again after as many more. */
  onSuspect(error: unknown): void;
}

/**
 * Sends a probe at every interval. Suspects the client after `failureThreshold` failures that no lost connection
 * explains.
 */
export class ProbePublisher implements HealthPublisher {
  readonly #options: HealthPublisherOptions;
  readonly #ticker: Ticker;
  #instanceId = '';
  #stopped = new AbortController();
  #failures = 0;
  /** Of these, in a row on a connection that was there all the time. */
  #unexplained = 0;
  #lastSuccess: { at: Date; durationMs: number } | undefined;
  #lastFailureAt: Date | undefined;

  constructor(options: HealthPublisherOptions) {
    this.#options = options;
    this.#ticker = new Ticker(options.clock, options.interval, () => this.#check());
  }

  async start(): Promise<void> {
    this.#options.assertOpen?.();
    if (this.#ticker.started) return;
    const { source, clock } = this.#options;
    this.#instanceId = instanceIdOf(source, clock.now());
    this.#failures = 0;
    this.#unexplained = 0;
    this.#stopped = new AbortController();
    this.#ticker.start({ atOnce: true });
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    return this.#ticker.stop();
  }

  status(): HealthPublisherStatus {
    const { failureThreshold, eventBusType, source } = this.#options;
    return {
      healthy: this.#failures < failureThreshold,
      consecutiveFailures: this.#failures,
      lastSuccessAt: this.#lastSuccess?.at,
      lastFailureAt: this.#lastFailureAt,
      running: this.#ticker.started,
      eventBusType,
      source,
    };
  }

  /** Milliseconds that the last acknowledged probe took. */
  get latencyMs(): number | undefined {
    return this.#lastSuccess?.durationMs;
  }

  async #check(): Promise<void> {
    const { clock, source, eventBusType, topic, send, connection, connectedMs, onChecked } = this.#options;
    const { signal } = this.#stopped;
    const before = connection();
    const lastedMs = connectedMs();
    const began = clock.monotonic();
    let failure: { error: unknown } | undefined;
    try {
      const probe = createProbe(source, eventBusType, this.#instanceId, clock);
      await send(probe, encodeProbe(probe), signal);
    } catch (error) {
      failure = { error };
    }
    // Stopped meanwhile: whoever stopped it did not ask for an answer.
    if (signal.aborted) return;
    const durationMs = clock.monotonic() - began;
    const timestamp = new Date(clock.now());
    if (failure === undefined) {
      this.#failures = 0;
      this.#unexplained = 0;
      this.#lastSuccess = { at: timestamp, durationMs };
    } else {
      this.#failures++;
      this.#unexplained = this.#isExplained(before, lastedMs) ? 0 : this.#unexplained + 1;
      this.#lastFailureAt = timestamp;
    }
    onChecked({
      healthy: failure === undefined,
      topic,
      durationMs,
      consecutiveFailures: this.#failures,
      timestamp,
      ...failure,
    });
    if (failure !== undefined) this.#suspect(failure.error);
  }

  /** By a connection that was lost, or is only just back. */
  #isExplained(before: ReturnType<HealthPublisherOptions['connection']>, lastedMs: number): boolean {
    const { connection, connectTimeout } = this.#options;
    if (before.status !== 'connected' || connection() !== before) return true;
    return lastedMs < connectTimeout;
  }

  #suspect(error: unknown): void {
    const { failureThreshold, onSuspect } = this.#options;
    if (this.#unexplained > 0 && this.#unexplained % failureThreshold === 0) onSuspect(error);
  }
}
