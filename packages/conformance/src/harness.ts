/** What an adapter hands to the suite: its plug-in, a configuration, and which kind of topic to cover. */
import type { Duration, EventBusConfig, TopicOptions } from '@ebus/core';
import type { Persistence, TransportPlugin } from '@ebus/core/driver';

export interface Harness {
  /** Names the run in the report, `kafka`. */
  readonly name: string;
  /** Which kind of topics this run covers; an adapter with both kinds runs the suite twice. */
  readonly persistence: Persistence;
  readonly transport: TransportPlugin;
  /** Every bus of the suite is made of this, with its own service name and topics. All must meet on one broker. */
  readonly config: EventBusConfig;
  /** What every topic of the suite is configured with besides its persistence, `{ partitions: 4 }`. */
  readonly topicOptions?: TopicOptions;
  /**
   * How long one condition may take to become true. Default 10 s. A test is cut off after one and a half times as
   * much; set the runner's own timeout beyond that.
   */
  readonly patience?: Duration;
}
