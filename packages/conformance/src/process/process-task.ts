/** What a test wants of a process, and what the process tells of it: one line of JSON each. */
import type { EventBusConfig, SubscribeOptions } from '@ebus/core';

export interface ProcessTask {
  /** With its service name and topics. */
  readonly config: EventBusConfig;
  readonly topic: string;
  readonly options: SubscribeOptions;
  /** Handles that many events, and never returns from the next of each aggregate. Default: it handles all. */
  readonly handles?: number;
  /** Blocks the event loop for that long in its first event. */
  readonly blocksMs?: number;
  /** The state in which it closes its bus once it is told `close`; see `close-states.ts`. Default: as a plain consumer. */
  readonly state?: CloseState;
}

/** `lazy`: it need not be connected. `busy`: a handler runs, and publishes. `all`: monitors of every kind as well. */
export type CloseState = 'idle' | 'lazy' | 'busy' | 'halted' | 'paused';

export type ProcessReport =
  | { readonly kind: 'subscribed' }
  /** A handler begins, or returns. */
  | { readonly kind: 'begun' | 'handled'; readonly aggregateId: string; readonly sequence: number }
  /** It waits for `close`. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'closed'; readonly ms: number }
  | { readonly kind: 'failed'; readonly text: string };
