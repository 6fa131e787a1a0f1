/**
 * Compares the read positions with the logs: a topic that is made anew, cut or restored goes back below the read
 * position, and a client that reads on would pass over new messages. Also notices a consumer whose commits or
 * positions get no answer.
 */
import { anySignal, EbusError } from '@ebus/core/driver';
import { called } from '../native-client.js';
import { keyOf, type TopicPartition } from '../questions.js';
import { logsOf } from './lookup.js';
import type { Partition } from './partition.js';
import { type Log, outsideLog } from './positions.js';
import type { Session } from './session.js';
import type { TopicShare } from './topic-share.js';

const LOOK_EVERY_MS = 10_000;
/** How long a consumer may fail to reach its group's coordinator, while others reach the cluster. */
const BROKEN_MS = 45_000;
const QUESTION_MS = 5_000;

/** Nothing is read for so long, although there is something: the client has lost its way, or broker and log disagree. */
const STUCK_MS = 30_000;

interface Look {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** A position is outside of its log: which one, the client does not say. */
  readonly mustMove: boolean;
}

/** Looks every 10 s, or soon after an error about a position. A partition found outside its log is positioned anew. */
export class LogWatch {
  readonly #session: Session;
  #lookedAt: number | undefined;
  #isLooking = false;
  #mustMove = false;
  #unansweredSince: number | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  tick(now: number): void {
    this.#lookedAt ??= now;
    if (this.#isLooking || now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    this.#isLooking = true;
    void this.#look(now)
      .catch((error: unknown) => this.#session.options.onError(error))
      .finally(() => {
        this.#isLooking = false;
        // Nothing of these is taken meanwhile.
        if (this.#session.options.shares.partitions().some(({ isDoubted }) => isDoubted)) this.soon(false);
      });
  }

  /** With the next tick. @param mustMove a position is outside of its log: which one, the client does not say */
  soon(mustMove: boolean): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    this.#mustMove ||= mustMove;
  }

  /** The client reads another log from now on: nothing more is taken before it is known where that begins. */
  renewed(topic: string, topicId: string): void {
    for (const partition of this.#session.options.shares.of(topic)?.partitions.values() ?? []) {
      if (!partition.isPositioned || partition.topicId === topicId) continue;
      partition.isDoubted = true;
      this.soon(false);
    }
  }

  /** The warning and error for a position that is not in its log. */
  outside({ topic, partition }: TopicPartition, why: string): EbusError {
    const { logger, group } = this.#session.options;
    const text =
      `group '${group}' goes on at the beginning of partition ${partition} of '${topic}': ` +
      `its position is outside of the log; ${why}`;
    logger.warn({ topic, partition, group }, text);
    return new EbusError(text, { code: 'SUBSCRIBE_FAILED', retryable: true });
  }

  async #look(now: number): Promise<void> {
    const session = this.#session;
    const { shares, clock, questions } = session.options;
    const mustMove = this.#mustMove;
    this.#mustMove = false;
    const read = shares.partitions().filter(({ isPositioned, revoked }) => isPositioned && !revoked);
    const signal = anySignal(clock.timeout(2 * QUESTION_MS), session.ended);
    const { logs, ...topics } = await logsOf(questions(), read, signal);
    if (session.isOver) return;
    session.noted(topics);
    for (const partition of read) {
      const log = logs.get(keyOf(partition));
      if (log !== undefined && !partition.revoked) await this.#compare(partition, log, { now, mustMove });
    }
    if (session.options.durable) await this.#isAnswered(now, read);
  }

  async #compare(partition: Partition, log: Log, { now, mustMove }: Look): Promise<void> {
    const session = this.#session;
    const share = session.options.shares.of(partition.topic);
    // What was read since the question was asked may be beyond its answer.
    const standsFor = partition.standsFor(now);
    const isOther = partition.topicId !== log.topicId;
    const why =
      isOther || standsFor !== undefined || mustMove
        ? outsideLog(log, partition.next, partition.topicId)
        : undefined;
    if (why === undefined) {
      const isStuck = standsFor !== undefined && standsFor >= STUCK_MS && isAwaited(share, partition, log);
      if (isStuck) this.#tellStuck(partition, log, standsFor);
      if (mustMove || partition.isDoubted || isStuck)
        await session.seek(partition, () => partition.readAgain());
      return;
    }
    await session.seek(partition, () => {
      // Deliveries of the log that is gone are not settled, and those of the new one begin anew.
      share?.reader?.unassigned([partition.partition], why);
      share?.failed(this.outside(partition, why));
      partition.position(log.topicId, { offset: log.begin, settled: [], isCommitted: false });
      share?.reader?.assigned([partition.partition]);
    });
    session.commitSoon();
  }

  /** Open transactions hold readers up as well: the client can tell these apart as little. */
  #tellStuck({ topic, partition, next }: Partition, { end }: Log, ms: number): void {
    const { logger, group } = this.#session.options;
    logger.warn(
      { topic, partition, group },
      `partition ${partition} of '${topic}' goes on to ${end}, and the client has given nothing after ${next} ` +
        `for ${Math.round(ms)} ms: it is told again where to read`,
    );
  }

  /** The coordinator may have moved to an address that this client does not look for. */
  async #isAnswered(now: number, read: readonly Partition[]): Promise<void> {
    const session = this.#session;
    const [first] = read;
    if (first === undefined) return;
    const place = [{ topic: first.topic, partition: first.partition }];
    const error = await called((done) => session.consumer.committed(place, QUESTION_MS, done as never)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (session.isOver) return;
    if (error !== undefined) session.lifeline.doubt(error);
    if (error === undefined && session.commits.failingSince === undefined) {
      this.#unansweredSince = undefined;
      return;
    }
    this.#unansweredSince ??= session.commits.failingSince ?? now;
    const { clock, shares, group } = session.options;
    if (clock.monotonic() - this.#unansweredSince < BROKEN_MS) return;
    this.#unansweredSince = undefined;
    const cause = new EbusError(`the consumer of group '${group}' reaches its coordinator no more`, {
      code: 'CONNECTION_FAILED',
      retryable: true,
      cause: error,
    });
    for (const share of shares.active.values()) share.failed(cause);
    session.options.onBroken(cause);
  }
}

/** There is room for more of it, and there is more. */
function isAwaited(share: TopicShare | undefined, partition: Partition, { end }: Log): boolean {
  return share?.hasRoom === true && partition.isOpen && !share.shouldPause(partition) && end > partition.next;
}
