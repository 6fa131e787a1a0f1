/** What a seed decides before a run begins: settings, how bad everything is, and what is done to the system when. */
import type { NetworkFaults } from '../brokers/link.js';

/**
 * `log`: partitions and commits, as Kafka. `lease`: deliveries with leases, as JetStream. `parted`: both partitions and leases, as
 * JetStream's topics with partitions.
 */
export type BrokerKind = 'log' | 'lease' | 'parted';

/** What is not settled in time is given again. */
export const hasLeases = (broker: BrokerKind) => broker !== 'log';

/** Probabilities of what a handler does with one attempt, and times in milliseconds. */
export interface HandlerFaults {
  slow: number;
  slowMs: number;
  /** Busy for so long, without awaiting. */
  computes: number;
  computeMs: number;
  /** The machine sleeps so long that leases run out. */
  suspended?: number;
  fails: number;
  permanent: number;
  /** Returns only once its signal aborts. */
  hangs: number;
  /** Goes on for so long after its time is up. */
  ignoresSignal: number;
  /** Of the messages, those that fail however often they are tried. */
  poison: number;
  /** The process is killed at an `io` of a handler. */
  killed: number;
}

/** Probabilities for a send, before it leaves the process. */
export interface SendFaults {
  refused: number;
  letterRefused: number;
  letterTooLarge: number;
}

/** Settings of the buses in a run; durations in milliseconds. */
export interface Settings {
  keys: number;
  concurrency: number;
  queueSize: number;
  maxRetries: number;
  backoffMs: number;
  processingTimeout: number;
  overlapAfter: number | undefined;
  onExhausted: 'dead-letter' | 'halt' | 'discard' | 'park';
  maxInFlight: number;
  publishTimeout: number;
  partitions: number;
  /** A lease broker gives to one member at a time. */
  singleActive: boolean;
}

/** What only some services do. */
export interface Ways {
  /** Subscribes without order. */
  unordered: boolean;
  /** The driver takes many records in one call. */
  batches: boolean;
  /** Topics have to be made before they are used. */
  admin: boolean;
  /** Topics are moved between persistences; the service is one process then. */
  moves: boolean;
  /** Events have headers of their own. */
  headers: boolean;
  /** Of the published messages, those that are tombstones. */
  tombstones: number;
  /** How large messages are said to be, on average. 0: as they are. */
  megabytes: number;
}

/** What operators and accidents do to a broker. */
export type Disturbance =
  | 'rebalance'
  | 'mark'
  | 'truncate'
  | 'recreate'
  | 'delete consumer'
  | 'delete topic'
  | 'repartition';

/** Each message of a step has the next key. */
export const ANY_KEY = -1;

/** One action at a virtual time. */
export type Step = { readonly at: number } & (
  | { readonly do: 'publish'; readonly slot: number; readonly key: number; readonly count: number }
  | { readonly do: 'open'; readonly slot: number }
  | { readonly do: 'close'; readonly slot: number; readonly timeout: number }
  | { readonly do: 'kill'; readonly slot: number }
  | { readonly do: 'cut'; readonly slot: number; readonly ms: number }
  | { readonly do: 'freeze'; readonly slot: number; readonly ms: number }
  | { readonly do: 'broker restart'; readonly ms: number }
  | { readonly do: 'disturb'; readonly what: Disturbance; readonly n: number }
  | { readonly do: 'pause'; readonly slot: number; readonly ms: number }
  | { readonly do: 'update'; readonly slot: number; readonly concurrency: number }
  | { readonly do: 'resubscribe'; readonly slot: number; readonly timeout: number }
  | { readonly do: 'reconnect'; readonly slot: number }
  | { readonly do: 'clock jumps'; readonly slot: number; readonly ms: number }
  | { readonly do: 'retry halted'; readonly slot: number }
  | { readonly do: 'skip halted'; readonly slot: number }
  | { readonly do: 'redrive'; readonly slot: number; readonly limit: number }
  | { readonly do: 'abort publishes'; readonly slot: number }
  | { readonly do: 'move'; readonly slot: number; readonly isPersistent: boolean }
);

/** A whole run as data: the same plan gives the same run. */
export interface Plan {
  readonly seed: number;
  readonly broker: BrokerKind;
  readonly settings: Settings;
  readonly network: NetworkFaults;
  readonly handler: HandlerFaults;
  readonly sends: SendFaults;
  readonly ways: Ways;
  /** In the order of time. */
  readonly steps: readonly Step[];
}
