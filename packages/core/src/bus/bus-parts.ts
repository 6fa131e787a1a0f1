/** The parts of a bus. */
import type { Clock } from '../clock.js';
import type { ResolvedConfig } from '../config/schema.js';
import type { ConnectionSupervisor } from '../connection/supervisor.js';
import type { Subscriptions } from '../consume/subscriptions.js';
import type { DeadLetters } from '../dead-letters/dead-letters.js';
import type { Driver } from '../driver/driver.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import type { MiddlewareList } from '../pipeline/middleware-list.js';
import type { Outbound } from '../publish/outbound.js';
import type { Publisher } from '../publish/publisher.js';
import type { TopicRoutes } from '../publish/topic-routes.js';
import type { BusTopicManager } from '../topics/topic-manager.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import type { Emitter } from './bus-events.js';
import type { Inspect } from './inspect.js';
import type { Lifecycle } from './lifecycle.js';
import type { Monitoring } from './monitoring.js';

/** The parts that the facade hands calls on to. */
export interface BusParts {
  readonly config: ResolvedConfig;
  /** The name of the bus. */
  readonly serviceName: string;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly loopYield: EventLoopYield;
  readonly logger: Logger;
  readonly metrics: MetricsCollector | undefined;
  readonly connection: ConnectionSupervisor;
  readonly topics: BusTopicManager;
  readonly publisher: Publisher;
  readonly outbound: Outbound;
  readonly routes: TopicRoutes;
  readonly subscriptions: Subscriptions;
  readonly middleware: MiddlewareList;
  readonly events: Emitter;
  readonly deadLetters: DeadLetters;
  readonly inspect: Inspect;
  readonly monitoring: Monitoring;
  readonly lifecycle: Lifecycle;
  /** Aborts when the bus begins to close. */
  readonly closing: AbortSignal;
}
