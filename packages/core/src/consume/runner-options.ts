/** A runner's options and counters. */
import type { Clock } from '../clock.js';
import type { DeadLetterWriter } from '../dead-letters/dead-letter-writer.js';
import type { SettleOutcome } from '../driver/message.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { Attempt } from './attempt.js';
import type { Delivery } from './delivery.js';
import type { ConsumeEvents } from './events.js';
import type { InFlight } from './in-flight.js';
import type { KeyRedrives } from './key-redrive.js';
import type { Parking } from './parking.js';
import type { ConsumePolicy } from './policy.js';

/** Totals of one subscription since it was made. */
export interface RunnerCounters {
  handled: number;
  failedAttempts: number;
  retried: number;
  deadLettered: number;
  discarded: number;
}

/** The parts that a runner works with. */
export interface RunnerOptions {
  policy: ConsumePolicy;
  inFlight: InFlight;
  clock: Clock;
  logger: Logger;
  /** The logger for handlers; the bus' own lines do not go through it. */
  handlerLogger: Logger;
  metrics: MetricsCollector | undefined;
  events: ConsumeEvents;
  deadLetters: DeadLetterWriter;
  /** Set with `onExhausted: 'park'`. */
  parking: Parking | undefined;
  /** Set where letters of parked keys can be read. */
  redrives: KeyRedrives | undefined;
  /** The composed pipeline around the handler; looked up per attempt, since middleware may be added. */
  invoke(attempt: Attempt): void | Promise<void>;
  finish(delivery: Delivery, outcome: SettleOutcome): void;
}
