/**
 * Abilities that a harness may offer beyond the adapter itself. Each is optional, down to single methods. Missing
 * ones are listed as not proven at the end of a run.
 */
import type { CommonConfig } from '@ebus/core';

/** A part of a configuration, laid over the harness' own; sections are merged. */
export type ConfigOverlay = CommonConfig & Readonly<Record<string, unknown>>;

/** Access to the broker's logs, past ebus. */
export interface LogAccess {
  /** A topic's messages: oldest first, or oldest first within each partition. */
  stored?(topic: string): Promise<readonly StoredMessage[]>;
  /** Writes to a topic that exists, as a foreign producer does. Resolves once the broker has it. */
  write?(topic: string, message: StoredMessage): Promise<void>;
  /** The names of all that has a position in a topic, or is given its messages: consumers, groups. */
  readers?(topic: string): Promise<readonly string[]>;
  /** Deletes a topic with all that it holds. Resolves once it is gone. */
  remove?(topic: string): Promise<void>;
  /** Deletes a topic and makes it anew with the same settings, empty. Resolves once it can be used. */
  recreate?(topic: string): Promise<void>;
  /** Removes the oldest messages of a topic, and keeps that many (of each partition). */
  trim?(topic: string, keep: number): Promise<void>;
  /** Moves the settled position of a group without members far beyond the end of the log. */
  overrun?(topic: string, group: string): Promise<void>;
  /**
   * Takes the name of a group in such a way that the broker admits no member of ebus to it, by a member that speaks
   * another protocol, say. Resolves with a way to give it up.
   */
  occupy?(topic: string, group: string): Promise<() => Promise<void>>;
}

/** A message as a broker holds it. The value is read and written as UTF-8. */
export interface StoredMessage {
  readonly value: string;
  /** The value is null, and `value` empty. Only on brokers that tell null from no bytes. */
  readonly tombstone?: boolean | undefined;
  readonly key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A broker that tests break. The suite mends it at the end of each test, whatever the test left behind. */
export interface BreakableBroker {
  /** Starts it; called once, before the first test that needs it. Resolves with the way to it. */
  start(): Promise<ConfigOverlay>;
  /** Ends it; called once, at the end of the run, if it was started. */
  close(): Promise<void>;
  /** Ends it as a crash does (SIGKILL). What it acknowledged must survive. */
  kill?(): Promise<void>;
  /** Starts it again. Resolves once it can be used. Comes with `kill`. */
  restart?(): Promise<void>;
  /** From now on its connections stay open and nothing answers on them (SIGSTOP). */
  freeze?(): Promise<void>;
  /** Lets it go on. Comes with `freeze`. */
  thaw?(): Promise<void>;
  /** The network in front of it. Connections of `log` must not go through it. `TcpProxy` of this package is one. */
  readonly network?: Network;
  readonly permissions?: Permissions;
  readonly login?: Login;
  readonly log?: LogAccess;
}

/** A network that can fail, with and without saying so. */
export interface Network {
  /** Connections that clients have made so far. */
  readonly connections: number;
  /** Those that are open. */
  readonly open: number;
  /** Closes all connections, and refuses new ones. */
  cut(): void;
  /** From now on nothing passes, and no connection is closed. */
  swallow(): void;
  /** Requests pass, and the broker's answers are kept back. */
  holdAnswers(): void;
  /** New connections pass again. Answers that were kept back arrive; what was swallowed stays lost. */
  heal(): void;
}

/** What the login of the configuration may do. At first: everything. */
export interface Permissions {
  /** Takes the permission away. Resolves once the broker applies it. */
  deny(topic: string, use: 'publish' | 'subscribe'): Promise<void>;
  /** Everything is permitted again. */
  restore(): Promise<void>;
}

/** The login that the configuration of `start` names. */
export interface Login {
  /** One that the broker refuses, to lay over the configuration. */
  readonly wrong: ConfigOverlay;
  /** The broker refuses the right one from now on. */
  take?(): Promise<void>;
  /** It accepts it again. Comes with `take`. */
  giveBack?(): Promise<void>;
}

/** A program that calls `runProcess(transport)` of this package, and how to start it. */
export interface ChildProgram {
  /** The command; one more argument is added to it: `[process.execPath, 'conformance-process.js']`. */
  readonly command: readonly string[];
  /** Further environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Configuration with which the broker gives the deliveries of a member that is silent to others soon. */
export interface ShortLeases {
  /** After how many milliseconds of silence. One or two seconds are a good choice. */
  readonly ms: number;
  readonly config: ConfigOverlay;
}

/** The ways of offering something, one string each: what tests ask for, and what is told as not offered. */
export type Ability =
  | `log.${keyof LogAccess}`
  | 'broker'
  | 'broker.kill'
  | 'broker.freeze'
  | 'broker.network'
  | 'broker.permissions'
  | 'broker.login'
  | 'broker.login.take'
  | `broker.log.${keyof LogAccess}`
  | 'program'
  | 'leases'
  | 'invalidTopics';
