/** Which topics the client is subscribed to: subscriptions that are made or left close together are one change. */
import { type Clock, within } from '@ebus/core/driver';
import type { Questions } from '../questions.js';
import { retrying } from './retrying.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';
import type { Shares } from './shares.js';
import type { Waiters } from './waiters.js';

interface ChangesOptions {
  readonly clock: Clock;
  /** False: all partitions are this member's, without a group. */
  readonly durable: boolean;
  readonly shares: Shares;
  readonly sessions: Sessions;
  readonly waiters: Waiters;
  questions(): Questions;
  warn(error: unknown, what: string): void;
}

/** Subscriptions made within it are one change. */
const COALESCE_MS = 30;
/** A change of the subscription that brings no assignment for so long is not waited for by the next one. */
const CHANGE_MS = 15_000;

/** Brings the client's subscription in line with the shares, one change at a time. */
export class Changes {
  readonly #options: ChangesOptions;
  /** Subscriptions that are being prepared and will be part of the next change. */
  preparing = 0;
  #isDue = false;
  #last: Promise<void> = Promise.resolve();

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** Once no further subscription is being prepared. */
  soon(): void {
    const { clock, sessions, warn } = this.#options;
    if (this.preparing > 0 || this.#isDue || sessions.over.aborted) return;
    this.#isDue = true;
    const change = async () => {
      this.#isDue = false;
      if (this.preparing === 0) await this.#change();
    };
    clock.setTimeout(() => {
      this.#last = this.#last.then(change).catch((error) => warn(error, 'subscribe'));
    }, COALESCE_MS);
  }

  /** A topic has more partitions than before. */
  widened(): void {
    if (this.#options.durable) this.#options.sessions.current?.refresh();
    else this.soon();
  }

  /** Ends with the assignment that follows, so that changes meanwhile are one again. */
  async #change(): Promise<void> {
    const { clock, durable, sessions, shares, waiters } = this.#options;
    const session = sessions.current;
    const wanted = [...shares.active.keys()];
    if (session === undefined || sessions.over.aborted || wanted.length === 0) return;
    if (!durable) return this.#takeAll(session, wanted);
    const present = session.consumer.subscription();
    if (present.length === wanted.length && wanted.every((topic) => present.includes(topic))) return;
    const before = session.assignment.answers;
    session.consumer.subscribe(wanted);
    session.poller.serve();
    const isAnswered = () => session.assignment.answers > before || session.isOver;
    await within(waiters.until(isAnswered), { clock, ms: CHANGE_MS }, () => {});
  }

  /** Without a group: all partitions of all topics, those that were added since included. */
  async #takeAll(session: Session, topics: readonly string[]): Promise<void> {
    const { clock, questions, shares, waiters } = this.#options;
    for (const topic of shares.leaving.values()) {
      session.consumer.incrementalUnassign([...topic.partitions.values()]);
      topic.lose();
    }
    const infos = await retrying(clock, session.ended, () => questions().topics(topics, session.ended));
    const fresh = topics.flatMap((topic) => {
      const info = infos.get(topic);
      if (info === undefined || info instanceof Error) return [];
      const has = shares.active.get(topic)?.partitions;
      return info.partitions.flatMap(({ partition }) => (has?.has(partition) ? [] : [{ topic, partition }]));
    });
    if (fresh.length > 0) await session.assignment.assign(fresh);
    session.poller.serve();
    waiters.changed();
  }
}
