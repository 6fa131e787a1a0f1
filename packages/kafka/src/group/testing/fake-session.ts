/** A session without a client, for the tests of what drives one: it notes what the client is told, and answers questions. */
import { ManualClock } from '../../../../core/src/testing/manual-clock.js';
import { keyOf, type TopicInfo, type TopicPartition } from '../../questions.js';
import { Partition } from '../partition.js';
import type { Committed, Log } from '../positions.js';
import type { Session, SessionOptions } from '../session.js';
import { Shares } from '../shares.js';
import { TopicShare } from '../topic-share.js';
import { FakeSink, recorder } from './fakes.js';

export class FakeSession {
  readonly clock = new ManualClock();
  readonly shares = new Shares();
  readonly kept = new Map<string, Partition>();
  readonly sinks = new Map<string, FakeSink>();
  /** What the client was told, in words. */
  readonly told: string[] = [];
  readonly lines: string[];
  /** What the cluster says; a partition without a log has no leader. */
  readonly logs = new Map<string, Log>();
  readonly committed = new Map<string, Committed>();
  readonly broken: unknown[] = [];
  readonly ended = new AbortController();
  /** Set while the cluster answers no question. */
  silent: Error | undefined;
  /** Set while the coordinator answers none. */
  coordinator: Error | undefined;
  isLost = false;
  widenedTimes = 0;
  commits: Promise<void> = Promise.resolve();
  failingSince: number | undefined;
  /** What is tested takes this for a session. */
  readonly session: Session;

  constructor(more: Partial<SessionOptions> = {}) {
    const { lines, logger } = recorder();
    this.lines = lines;
    const fake = this;
    const { clock, shares, kept } = this;
    const options = {
      group: 'billing',
      durable: true,
      clock,
      logger,
      shares,
      kept,
      questions: () => this.#questions(),
      changed: () => {},
      widened: () => void this.widenedTimes++,
      onError: () => {},
      onBroken: (cause: unknown) => void this.broken.push(cause),
      ...more,
    } as unknown as SessionOptions;
    this.session = {
      options,
      consumer: this.#consumer(),
      get commits() {
        return {
          failingSince: fake.failingSince,
          commit: (partitions: Partition[]) => {
            fake.told.push(`commit ${partitions.map(keyOf).join()}`);
            return fake.commits;
          },
        };
      },
      watch: { outside: (one: TopicPartition, why: string) => new Error(`${keyOf(one)} outside: ${why}`) },
      assignment: { isBusy: false },
      lifeline: { doubt: () => {} },
      ended: this.ended.signal,
      get isOver() {
        return fake.ended.signal.aborted;
      },
      adjust: () => {},
      seek: async (one: Partition, move: () => void) => {
        move();
        this.told.push(`seek ${keyOf(one)} ${one.next}`);
      },
      noted: ({ problems, widths }: { problems: Map<string, Error>; widths: Map<string, number> }) => {
        for (const [topic, problem] of problems) shares.of(topic)?.failed(problem);
        for (const [topic, width] of widths) if (shares.of(topic)?.widenedTo(width)) options.widened();
      },
      commitSoon: () => void this.told.push('commit soon'),
      admitted: () => {},
      warn: (error: Error, what: string) => void lines.push(`warn: ${what}: ${error.message}`),
    } as unknown as Session;
  }

  /** A topic that somebody reads, or nobody yet. */
  topic(name: string, { isRead = true } = {}): TopicShare {
    const share = new TopicShare(name);
    this.shares.active.set(name, share);
    const sink = new FakeSink();
    this.sinks.set(name, sink);
    if (isRead) share.reader = sink;
    return share;
  }

  /** A partition that is this member's. */
  partition(share: TopicShare, id: number): Partition {
    const partition = new Partition({ topic: share.topic, partition: id });
    share.partitions.set(id, partition);
    return partition;
  }

  log(topic: string, partition: number, log: Log): void {
    this.logs.set(keyOf({ topic, partition }), log);
  }

  sink(topic: string): FakeSink {
    return this.sinks.get(topic) as FakeSink;
  }

  /** Until what is under way has gone as far as it can without time. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }

  #questions() {
    const offsets = (which: 'begin' | 'end') => async (asked: readonly TopicPartition[]) => {
      if (this.silent !== undefined) throw this.silent;
      const known = asked.flatMap((one) => {
        const log = this.logs.get(keyOf(one));
        return log === undefined ? [] : [[keyOf(one), log[which]] as const];
      });
      return new Map(known);
    };
    return {
      topics: async (names: readonly string[]) => {
        if (this.silent !== undefined) throw this.silent;
        return new Map(names.flatMap((name) => this.#info(name)));
      },
      offsets: (asked: readonly TopicPartition[], from: string) =>
        offsets(from === 'earliest' ? 'begin' : 'end')(asked),
    } as never;
  }

  #info(name: string): [string, TopicInfo][] {
    const own = [...this.logs].filter(([key]) => key.startsWith(`${name}:`));
    const [first] = own;
    if (first === undefined) return [];
    const partitions = own.map(([key]) => {
      return { partition: Number(key.split(':')[1]), leader: 1, replicas: 1, inSync: 1 };
    });
    return [[name, { topicId: first[1].topicId, mayRead: true, mayWrite: true, partitions }]];
  }

  #consumer() {
    const list = (partitions: readonly (TopicPartition & { offset?: number })[]) =>
      partitions.map((one) => `${keyOf(one)}${one.offset === undefined ? '' : `@${one.offset}`}`).join(' ');
    return {
      incrementalAssign: (partitions: TopicPartition[]) => this.told.push(`assign ${list(partitions)}`),
      incrementalUnassign: (partitions: TopicPartition[]) => this.told.push(`unassign ${list(partitions)}`),
      assignmentLost: () => this.isLost,
      subscription: () => [...this.shares.active.keys()],
      committed: (asked: TopicPartition[], _: number, done: (error: unknown, found?: unknown) => void) => {
        if (this.coordinator !== undefined) return done(this.coordinator);
        done(
          null,
          asked.map((one) => ({ ...one, ...this.committed.get(keyOf(one)) })),
        );
      },
    };
  }
}
