/** An adapter's part of the suite: its plug-in, a configuration, and further abilities for tests. */
import type { Duration, EventBusConfig, TopicOptions } from '@ebus/core';
import type { Persistence, TransportPlugin } from '@ebus/core/driver';
import type { BreakableBroker, ChildProgram, LogAccess, ShortLeases } from './abilities.js';
import type { KnownFault } from './known-to-fail.js';

/** One adapter in one configuration. Optional abilities let more tests run; tests without theirs are reported. */
export interface Harness {
  /** Names the run in the report, `kafka`. */
  readonly name: string;
  /** Which kind of topics this run covers; an adapter with both kinds runs the suite twice. */
  readonly persistence: Persistence;
  readonly transport: TransportPlugin;
  /** Every bus of the suite is made of this, with its own service name and topics. All must meet on one broker. */
  readonly config: EventBusConfig;
  /** Options of every topic of the suite besides its persistence, `{ partitions: 4 }`. */
  readonly topicOptions?: TopicOptions;
  /**
   * How long one condition may take to become true. Default 10 s. A test is cut off after one and a half times as
   * much, a test of faults after four times as much; set the runner's own timeout beyond that.
   */
  readonly patience?: Duration;

  /** Looks into the broker of `config` with a client that knows nothing of ebus. */
  readonly log?: LogAccess;
  /** A broker that tests kill, freeze and cut off. One that no other test uses. */
  readonly broker?: BreakableBroker;
  /** Runs consumers in processes of their own, to be killed in mid-handler. Left out for transports within one process. */
  readonly program?: ChildProgram;
  /** Makes the leases of deliveries, or the sessions of members, run out soon. */
  readonly leases?: ShortLeases;
  /** Names that the broker does not take for topics, beyond those that ebus itself refuses: `['a/b']`. */
  readonly invalidTopics?: readonly string[];
  /**
   * Tests that show a known fault, by `group: title`, with the reason. Each runs and must fail; one that passes is an
   * error, as is a name that no test has.
   */
  readonly knownToFail?: Readonly<Record<string, KnownFault>>;
}
