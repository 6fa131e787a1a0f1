/** What dead letters need of their bus. */
import type { Clock } from '../clock.js';
import type { Driver } from '../driver/driver.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import type { Logger } from '../logger.js';
import type { PublishReceipt } from '../pipeline/context.js';
import type { Letter } from './letter.js';

/** Parts of `bus.deadLetters`. */
export interface DeadLettersOptions {
  driver: Driver;
  publish(letter: Letter, signal: AbortSignal): Promise<PublishReceipt>;
  /** Where the subscriptions of this bus to that topic put their dead letters. */
  deadLetterTopicsOf(topic: string): readonly string[];
  /** The topics whose subscriptions on this bus dead-letter into that one. */
  deadLettersInto(deadLetterTopic: string): readonly string[];
  /** Reads the types of events that have no headers. */
  codec: EnvelopeCodec;
  clock: Clock;
  logger: Logger;
  /** Aborts once publishing is refused: redrives end then. */
  refused: AbortSignal;
  /** Configured for all topics; empty: `<topic>.dlq`. */
  configuredTopic: string;
}
