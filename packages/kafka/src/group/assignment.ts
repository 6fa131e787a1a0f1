/**
 * Assigned and revoked partitions of a group. Every event is answered by an assignment or its release, also after
 * errors.
 */
import { anySignal, pause } from '@ebus/core/driver';
import { CODE, classify, codeOf } from '../errors.js';
import { keyOf, type TopicPartition } from '../questions.js';
import { committedOf, logsOf } from './lookup.js';
import { Partition } from './partition.js';
import { type Committed, type Position, positionOf } from './positions.js';
import type { Session } from './session.js';
import { TopicShare } from './topic-share.js';

/** For the questions of an assignment; unanswered ones are asked again once it is made. */
const LOOK_MS = 5_000;
const REVOKE_MS = 30_000;
const AGAIN_MS = 500;
const MAX_AGAIN_MS = 5_000;
/** Passing troubles are told after so many attempts. */
const PATIENCE = 6;
/**
 * Where the client is to begin with a partition whose position is not known yet; it is paused at once. No logical offset:
 * the client goes on asking where that is, and where the leader changes meanwhile it jumps there after a seek, past messages
 * (`rd_kafka_toppar_handle_Offset` of librdkafka 2.15 tries an outdated answer again). What is read too early is not taken.
 */
const ANYWHERE = 0;

interface Found {
  readonly topicId: string;
  readonly position: Position;
}

/** Answers rebalance events one after the other. Partitions are positioned before they are read. */
export class Assignment {
  readonly #session: Session;
  #events: Promise<void> = Promise.resolve();
  #pending = 0;
  #isPositioning = false;
  /** How often the group has answered with an assignment, of nothing perhaps. */
  answers = 0;
  /** When it last did, in monotonic milliseconds. */
  answeredAt: number | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The group waits for an answer. */
  get isBusy(): boolean {
    return this.#pending > 0;
  }

  /** Resolves once every event so far was answered. */
  get settled(): Promise<void> {
    return this.#events;
  }

  /** Called by the client, one event after the other; each must be answered before the next comes. */
  rebalance(event: unknown, partitions: readonly TopicPartition[]): void {
    const session = this.#session;
    const isAssign = codeOf(event) === CODE.assignPartitions;
    if (session.isOver) {
      if (isAssign) this.#decline(partitions);
      else session.consumer.incrementalUnassign(partitions);
      return;
    }
    this.#pending++;
    const handle = async () => {
      try {
        await (isAssign ? this.assign(partitions) : this.#revoke(partitions));
      } catch (error) {
        session.warn(error, 'rebalance');
      } finally {
        this.#pending--;
        session.options.changed();
      }
    };
    this.#events = this.#events.then(handle);
  }

  /** Without it, the client waits and cannot leave. What it would read is not looked at. */
  #decline(partitions: readonly TopicPartition[]): void {
    const { consumer, isLeaving } = this.#session;
    // While it disconnects, this would wait for that, and that for this.
    if (isLeaving) return;
    try {
      consumer.incrementalAssign(partitions.map((one) => ({ ...one, offset: ANYWHERE })));
      consumer.pause([...partitions]);
    } catch (error) {
      this.#session.warn(error, 'rebalance');
    }
  }

  /** Without a group, the partitions to read are chosen here. */
  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    const session = this.#session;
    const { shares, kept, clock } = session.options;
    const signal = anySignal(clock.timeout(LOOK_MS), session.ended);
    const found = await this.#find(partitions, signal).catch((error: unknown) => {
      session.warn(error, 'position');
      return new Map<string, Found>();
    });
    if (session.isOver) return this.#decline(partitions);
    const fresh = new Map<TopicShare, number[]>();
    const assignment = partitions.map((one) => {
      const share = shares.of(one.topic) ?? new TopicShare(one.topic);
      const partition = this.#adopt(one, found.get(keyOf(one)), share);
      if (partition !== kept.get(keyOf(one))) fresh.set(share, [...(fresh.get(share) ?? []), one.partition]);
      kept.delete(keyOf(one));
      share.partitions.set(one.partition, partition);
      return {
        topic: one.topic,
        partition: one.partition,
        offset: partition.isPositioned ? partition.next : ANYWHERE,
      };
    });
    for (const partition of kept.values()) this.#lose(partition);
    kept.clear();
    for (const [share, ids] of fresh) share.reader?.assigned(ids);
    session.consumer.incrementalAssign(assignment);
    for (const topic of new Set(partitions.map(({ topic }) => topic))) {
      const share = shares.of(topic);
      if (share !== undefined) session.adjust(share);
    }
    // The group's answer counts also for topics that this member gets nothing of.
    const joined = session.options.durable ? session.consumer.subscription() : [...shares.active.keys()];
    for (const topic of joined) {
      shares.active.get(topic)?.admit();
    }
    this.answers++;
    this.answeredAt = clock.monotonic();
    session.admitted();
    session.commitSoon();
    this.positionSoon();
  }

  /**
   * Positions partitions that a reader waits for, until none is left; a topic without a reader waits for one to say
   * where.
   */
  positionSoon(): void {
    if (this.#isPositioning) return;
    this.#isPositioning = true;
    void this.#positionAll().finally(() => {
      this.#isPositioning = false;
    });
  }

  async #positionAll(): Promise<void> {
    const session = this.#session;
    const { shares, clock } = session.options;
    for (let attempt = 1; !session.isOver; attempt++) {
      const waiting = shares
        .partitions()
        .filter(
          ({ topic, isPositioned, revoked }) =>
            !isPositioned && !revoked && shares.of(topic)?.reader !== undefined,
        );
      if (waiting.length === 0) return;
      try {
        const found = await this.#find(waiting, anySignal(clock.timeout(LOOK_MS), session.ended));
        for (const partition of waiting) {
          const place = found.get(keyOf(partition));
          if (place === undefined || partition.revoked || session.isOver) continue;
          await session.seek(partition, () => partition.position(place.topicId, place.position));
        }
        session.commitSoon();
        session.options.changed();
      } catch (error) {
        if (!classify(error).retryable || attempt === PATIENCE) {
          if (attempt <= PATIENCE) session.warn(error, 'position');
          for (const topic of new Set(waiting.map(({ topic }) => topic))) shares.of(topic)?.failed(error);
        }
      }
      await pause(clock, Math.min(AGAIN_MS * attempt, MAX_AGAIN_MS), session.ended);
    }
  }

  /** Where each goes on, as far as that can be asked. What lay outside of its log is told. */
  async #find(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<Map<string, Found>> {
    const { options } = this.#session;
    const { group, durable, shares, logger } = options;
    const wanted = partitions.filter(({ topic }) => shares.of(topic)?.reader !== undefined);
    // Before the ends of the logs are asked, which go on.
    const committed = durable
      ? await committedOf(this.#session.consumer, wanted, signal)
      : new Map<string, Committed>();
    const { logs, ...topics } = await logsOf(options.questions(), wanted, signal);
    this.#session.noted(topics);
    const found = new Map<string, Found>();
    for (const one of wanted) {
      const log = logs.get(keyOf(one));
      const share = shares.of(one.topic);
      if (log === undefined) continue;
      const position = positionOf(log, committed.get(keyOf(one)), share?.starts.get(keyOf(one)));
      if (position.problem !== undefined) share?.failed(this.#session.watch.outside(one, position.problem));
      found.set(keyOf(one), { topicId: log.topicId, position });
    }
    if (found.size < wanted.length) logger.debug({ group }, 'some partitions cannot be asked yet');
    return found;
  }

  /** The partition of before the client was replaced, where no other member had it meanwhile and its log is the same. */
  #adopt(one: TopicPartition, found: Found | undefined, share: TopicShare): Partition {
    const kept = this.#session.options.kept.get(keyOf(one));
    const isMine =
      kept !== undefined &&
      found !== undefined &&
      !kept.released &&
      kept.isPositioned &&
      kept.topicId === found.topicId &&
      found.position.problem === undefined &&
      found.position.offset <= kept.settledUpTo;
    if (kept !== undefined && isMine) {
      kept.paused = undefined;
      kept.readAgain();
      return kept;
    }
    if (kept !== undefined) this.#lose(kept, found?.position.problem);
    this.#session.options.kept.delete(keyOf(one));
    const partition = new Partition(one);
    if (found !== undefined && share.reader !== undefined) partition.position(found.topicId, found.position);
    return partition;
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const session = this.#session;
    const { shares, durable, clock } = session.options;
    const going = partitions.flatMap((one) => shares.of(one.topic)?.partitions.get(one.partition) ?? []);
    for (const partition of going) partition.revoked = true;
    try {
      if (session.consumer.assignmentLost()) return;
      const limit = anySignal(clock.timeout(REVOKE_MS), session.ended);
      await Promise.all(going.map((partition) => this.#drain(partition, limit)));
      if (durable && !session.consumer.assignmentLost()) await session.commits.commit(going, limit);
    } catch (error) {
      session.warn(error, 'commit');
    } finally {
      const isLost = !session.isOver && session.consumer.assignmentLost();
      for (const partition of going) {
        if (isLost) this.#lose(partition);
        partition.release();
        shares.of(partition.topic)?.lose([partition.partition]);
      }
      session.consumer.incrementalUnassign(partitions);
    }
  }

  async #drain({ topic, partition }: Partition, limit: AbortSignal): Promise<void> {
    const share = this.#session.options.shares.of(topic);
    if (share?.reader === undefined) return;
    const signal = anySignal(limit, share.left.signal);
    await share.reader.revoked([partition], { signal });
  }

  #lose(partition: Partition, why?: string): void {
    partition.release();
    this.#session.options.shares.of(partition.topic)?.reader?.unassigned([partition.partition], why);
  }
}
