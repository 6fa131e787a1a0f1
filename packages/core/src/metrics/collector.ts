/** The metrics interface: core's reports to any store. */

/** Sizes of a keyed pool at one moment. */
export interface PoolStats {
  readonly queued: number;
  readonly activeKeys: number;
}

/** The collected figures as text, for `/metrics`. */
export interface MetricsExposition {
  readonly contentType: string;
  readonly body: string;
}

/**
 * Receives every measurement. All methods are synchronous and must not throw; durations are seconds.
 * They are called on the hot path: store a number and return.
 */
export interface MetricsCollector {
  recordPublish(topic: string, ok: boolean, seconds: number): void;
  /**
   * `count` messages that ended together, after so many seconds each. Optional: ebus records every message by itself, also those
   * of `publishEnvelopes`. It is for applications that publish around the bus, through the native client, and want one
   * set of figures.
   */
  recordPublishBatch?(topic: string, count: number, ok: boolean, seconds: number): void;
  recordConsume(topic: string, ok: boolean, seconds: number): void;
  /** The same for handled messages. */
  recordConsumeBatch?(topic: string, count: number, ok: boolean, seconds: number): void;
  recordConnection(up: boolean): void;
  recordReconnect(ok: boolean, seconds: number): void;
  recordBacklog(topic: string, count: number): void;
  /** 0 normal, 1 warning, 2 critical. */
  recordBacklogState(topic: string, state: 0 | 1 | 2): void;
  recordHealthCheck(ok: boolean, seconds: number): void;
  recordError(type: string, topic?: string): void;
  recordRetry(topic: string): void;
  recordDeadLetter(topic: string): void;
  /** A publish that the broker took for one that it has, although this process sent it for the first time. */
  recordDuplicate?(topic: string): void;
  /** A message that was settled unhandled: it was redriven for another group. */
  recordSkipped?(topic: string): void;
  recordInFlight(topic: string, count: number): void;
  recordPool(stats: PoolStats): void;
  /** Failed messages that stand until they are released by hand (`halt`), each with its key. */
  recordHalted?(topic: string, messages: number): void;
  /** Keys whose messages go to the dead-letter topic (`park`), as this process knows them: those of the whole group. */
  recordParked?(topic: string, keys: number): void;
  /** Where the figures can be read as text. */
  expose?(): Promise<MetricsExposition>;
  /** Called once, when the bus has closed: pushes the last figures, stops timers. */
  close?(): void | Promise<void>;
}
