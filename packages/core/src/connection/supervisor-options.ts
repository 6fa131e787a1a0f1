/** The supervisor's options and callbacks. */
import type { Clock } from '../clock.js';
import type { Driver } from '../driver/driver.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { ConnectionState } from './connection.js';

/** Who is told of the connection. */
export interface SupervisorEvents {
  changed(status: ConnectionState['status'], cause: unknown): void;
  /** The connection is back; resolves when those who want to know were told. */
  cameBack(): Promise<void>;
}

/** Parts and time limits of a supervisor. Times in milliseconds. */
export interface SupervisorOptions {
  driver: Driver;
  clock: Clock;
  logger: Logger;
  metrics: MetricsCollector | undefined;
  events: SupervisorEvents;
  /** Aborts when the bus begins to close: `reconnect` refuses then. An attempt under way goes on until `shut`. */
  closing?: AbortSignal;
  /** For one attempt to replace the client, and for all attempts of the first connecting together. */
  connectTimeout: number;
  /** 0: for ever. */
  maxReconnectAttempts: number;
  initialBackoff: number;
  maxBackoff: number;
}
