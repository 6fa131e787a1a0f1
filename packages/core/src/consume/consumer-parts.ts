/** The parts that a consumer is made from. */
import type { Clock } from '../clock.js';
import type { DeadLetterWriter } from '../dead-letters/dead-letter-writer.js';
import type { ParkedLetters } from '../dead-letters/park/parked-letters.js';
import type { IncomingMessage } from '../driver/message.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { GaugeShare } from '../metrics/shared-gauges.js';
import type { Handle } from '../pipeline/compose.js';
import type { Disclose } from '../util/disclose.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import type { TokenBucket } from '../util/token-bucket.js';
import type { Attempt } from './attempt.js';
import type { Delivery } from './delivery.js';
import type { ConsumeEvents } from './events.js';
import type { ConsumePolicy } from './policy.js';
import type { Settling } from './settler.js';

/** The parts that a consumer gets from its bus. */
export interface ConsumerParts {
  policy: ConsumePolicy;
  readonly clock: Clock;
  readonly loopYield: EventLoopYield;
  readonly logger: Logger;
  readonly handlerLogger: Logger;
  readonly metrics: MetricsCollector | undefined;
  readonly gauges: GaugeShare | undefined;
  readonly events: ConsumeEvents;
  readonly deadLetters: DeadLetterWriter;
  /** The letters of parked keys; absent where they cannot be read. */
  readonly parkedLetters: ParkedLetters | undefined;
  readonly disclose: Disclose;
  /** The rate limits that the policy means, full. */
  bucketsOf(policy: ConsumePolicy): readonly TokenBucket[];
  /** Begins the span of a settlement that waits; returns its end. */
  readonly settling?: Settling | undefined;
  /** Finds the lane of a delivery, and keeps the decoded envelope on it; absent where there is no order. */
  readonly assignLane: ((delivery: Delivery) => void) | undefined;
  /** The group's messages from its position on; absent where the transport cannot show them. */
  readonly browse: ((signal: AbortSignal, partition?: number) => AsyncIterable<IncomingMessage>) | undefined;
  /** The pipeline at this moment. */
  pipeline(): Handle<Attempt>;
  /** The broker says that the topic is not there any more: it is made again where that is wanted. */
  topicMissed(): void;
}
