/** The task of a child process, and its reports: one line of JSON each. */
import type { EventBusConfig, SubscribeOptions } from '@ebus/core';

/** The task of one child process, passed as JSON on its command line. */
export interface ProcessTask {
  /** With its service name and topics. */
  readonly config: EventBusConfig;
  readonly topic: string;
  readonly options: SubscribeOptions;
  /** Handles that many events, and never returns from the next of each aggregate. Default: it handles all. */
  readonly handles?: number;
  /** Where `handles` is given: handlers hang until their signal aborts, fail then, and from then on all is handled. */
  readonly untilAborted?: boolean;
  /** Blocks the event loop for that long in its first event. */
  readonly blocksMs?: number;
  /** Makes a bus for each of these states, and closes all of them once it is told `close`. Default: a plain consumer. */
  readonly states?: readonly CloseState[];
}

/**
 * `idle`: everything is handled. `lazy`: a subscribe and a publish wait for the connection. `busy`: a handler never
 * returns. `halted`: a key stands still. `paused`: the subscription is paused, and there is something to handle.
 */
export type CloseState = 'idle' | 'lazy' | 'busy' | 'halted' | 'paused';

/** One line of a child's standard output. */
export type ProcessReport =
  | { readonly kind: 'subscribed' }
  /** A handler begins, or returns. */
  | { readonly kind: 'begun' | 'handled'; readonly aggregateId: string; readonly sequence: number }
  /** It waits for `close`. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'closed'; readonly state: CloseState; readonly ms: number }
  | { readonly kind: 'failed'; readonly text: string };
