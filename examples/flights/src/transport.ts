/** What the demo needs to know of a transport. */
import type { EventBusConfig, Plugin } from '@ebus/core';

export interface Transport {
  /** For the first line: `the in-memory transport`, `nats-server 2.12.1 (docker)`. */
  readonly on: string;
  readonly config: EventBusConfig;
  readonly plugin: Plugin;
  /** Ends what was started for the demo. */
  close?(): Promise<void>;
}
