/** A member's side of a log broker: fetches, commits, and follows what the group assigns. */
import type {
  CallOptions,
  Credit,
  IncomingMessage,
  PartitionLag,
  Settlement,
  SubscriptionSink,
} from '@ebus/core/driver';
import { LogCommits } from './log-commits.js';
import { LogFetch } from './log-fetch.js';
import type { LogGroup } from './log-group.js';
import { type Assigned, type Found, messageOf, type Share, shareOf, type Token } from './log-share.js';
import { type Assignment, type GroupMember, REVOKE_MS } from './log-types.js';
import { checkCredit, type Held, type Member, type MemberParts, sizeOf } from './member.js';

const NOTHING: Held = { messages: 0, bytes: 0 };

/** One member of a group, whose partitions come and go with rebalances. */
export class LogMember implements GroupMember, Member {
  readonly name: string;
  readonly #parts: MemberParts;
  readonly #group: LogGroup;
  readonly #groupName: string;
  readonly #sink: SubscriptionSink;
  readonly #shares = new Map<number, Share>();
  readonly #fetch: LogFetch;
  readonly #commits: LogCommits;
  #credit = { messages: 0, bytes: 0 };
  #stopped = false;
  #closed = false;
  #isAssigned!: () => void;
  /** The group has answered for the first time. */
  readonly ready = new Promise<void>((resolve) => {
    this.#isAssigned = resolve;
  });

  /** @param groupName for what core may hold */
  constructor(parts: MemberParts, group: LogGroup, groupName: string, sink: SubscriptionSink) {
    this.name = parts.name;
    this.#parts = parts;
    this.#group = group;
    this.#groupName = groupName;
    this.#sink = sink;
    this.#fetch = new LogFetch(parts, group.topic, {
      most: () => (this.#stopped ? NOTHING : this.#credit),
      positions: () =>
        [...this.#shares.values()]
          .filter(({ isTaken, isPaused }) => !isTaken && !isPaused)
          .map((share) => ({ share, from: share.next, incarnation: share.incarnation })),
      arrived: (found) => this.#arrived(found),
    });
    this.#commits = new LogCommits(parts, this, group, {
      shares: () => (this.#closed ? [] : this.#shares.values()),
      refused: () => this.restored(),
    });
  }

  get isConnected(): boolean {
    return this.#parts.link.isUp;
  }

  // ---- what core asks for

  request(credit: Credit): void {
    const { messages, bytes, partition } = credit;
    if (partition !== undefined) {
      const share = this.#shares.get(partition);
      if (share !== undefined) share.isPaused = messages <= 0;
    } else {
      const now = () => ({ held: this.#held, wanted: this.#credit });
      this.#credit = { messages, bytes };
      checkCredit(this.#parts, this.#groupName, credit, now);
    }
    this.#fetch.soon();
  }

  get #held(): Held {
    const held = { ...NOTHING };
    for (const { isTaken, unsettled } of this.#shares.values()) {
      if (isTaken) continue;
      held.messages += unsettled.messages;
      held.bytes += unsettled.bytes;
    }
    return held;
  }

  settle(done: readonly Settlement[]): void {
    const { events } = this.#parts;
    for (const { token: any, outcome } of done) {
      const token = any as Token;
      const { share, handle } = token;
      const what = `${outcome} of partition ${share.index} at ${this.name}`;
      if (share.isGone) events.problem('settled', `${what} after it was gone`);
      if (token.isSettled) events.problem('settled', `${what} for the second time`);
      token.isSettled = true;
      share.unsettled.messages--;
      share.unsettled.bytes -= token.bytes;
      if (!share.isGone && outcome !== 'released') share.tracker.settle(handle);
    }
    this.#commits.soon();
  }

  async lag({ signal }: CallOptions): Promise<readonly PartitionLag[]> {
    return this.#parts.link.call('lag', () => this.#group.lags, signal);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    // What is on its way arrives before the answer.
    await this.#parts.link.call('stop', () => {}).catch(() => {});
    this.#fetch.stop();
  }

  async close({ signal }: CallOptions): Promise<void> {
    this.#stopped = true;
    this.#closed = true;
    const commits = [...this.#shares.values()].map((share) => this.#commits.now(share, signal));
    await Promise.all(commits).catch(() => {});
    for (const share of this.#shares.values()) share.isGone = share.isTaken = true;
    this.#parts.link.tell(() => this.#group.leave(this));
    // What the network loses the session's end makes up for.
    this.#group.unheard(this);
  }

  // ---- what happens to the connection

  dropped(): void {
    this.#fetch.stop();
    this.#group.unheard(this);
  }

  /** The connection is there again: what is still its own? */
  restored(): void {
    if (this.#closed) return;
    this.#parts.link
      .call('heartbeat', () => {
        if (!this.#group.isMember(this)) return undefined;
        this.#heard();
        return this.#group.assignmentsOf(this);
      })
      .then(
        (owned) => {
          if (owned === undefined) return this.#rejoin();
          const mine = new Map(owned.map(({ partition, epoch }) => [partition, epoch]));
          const shares = [...this.#shares.values()];
          this.#lose(
            shares.filter(({ index, epoch }) => mine.get(index) !== epoch).map(({ index }) => index),
          );
          this.#take(owned.filter(({ partition }) => !this.#shares.has(partition)));
          for (const { partition } of owned)
            this.#group.isReleasing(this, partition) && this.#giveBack([partition]);
          this.#sink.resumed();
          this.#fetch.soon();
          this.#commits.soon();
        },
        () => {
          if (this.#parts.link.isUp) this.#parts.time.at(300, () => this.restored(), this.#parts.owner);
        },
      );
  }

  /** At the broker. */
  join(): void {
    this.#group.join(this);
    this.#heard();
  }

  // ---- what the group says

  assigned(partitions: readonly Assignment[]): void {
    this.#parts.link.push(() => {
      this.#isAssigned();
      this.#take(partitions.filter(({ partition, epoch }) => this.#holds(partition, epoch)));
    });
  }

  revoked(partitions: readonly number[]): void {
    this.#parts.link.push(() => this.#giveBack(partitions.filter((index) => this.#shares.has(index))));
  }

  expelled(): void {
    this.#parts.link.push(() => this.#rejoin());
  }

  // ----

  /** At the broker. Where it was closed while its request was on the way, this was the last of it: its leaving may be lost. */
  #heard(): void {
    this.#group.heard(this);
    if (this.#closed) this.#group.unheard(this);
  }

  #holds(partition: number, epoch: number): boolean {
    return this.#group.epochOf(this, partition) === epoch;
  }

  #take(partitions: readonly Assigned[]): void {
    if (this.#closed) return;
    const fresh = partitions.filter(({ partition }) => !this.#shares.has(partition));
    for (const each of fresh) this.#shares.set(each.partition, shareOf(each));
    if (fresh.length > 0) this.#sink.assigned(fresh.map(({ partition }) => partition));
    this.#fetch.soon();
  }

  #giveBack(partitions: readonly number[]): void {
    const shares = partitions
      .flatMap((index) => this.#shares.get(index) ?? [])
      .filter(({ isTaken }) => !isTaken);
    const { time, owner, link, events } = this.#parts;
    if (shares.length === 0) return;
    events.count('member: gives back');
    for (const share of shares) share.isTaken = true;
    const controller = new AbortController();
    const late = time.at(
      REVOKE_MS - 1_000,
      () => controller.abort(new Error('the group does not wait any longer')),
      owner,
    );
    void this.#sink.revoked(partitions, { signal: controller.signal }).then(async () => {
      time.cancel(late);
      const mine = shares.filter(({ isGone }) => !isGone);
      for (const share of mine) share.isGone = true;
      await Promise.all(mine.map((share) => this.#commits.now(share))).catch(() => {});
      for (const share of mine) if (this.#shares.get(share.index) === share) this.#shares.delete(share.index);
      const parts = mine.map(({ index: partition, epoch }) => ({ partition, epoch }));
      const tell = () =>
        link
          .call('released', () => this.#group.released(this, parts))
          .catch(() => time.at(200, () => link.isUp && this.#group.isMember(this) && tell(), owner));
      if (!this.#closed) await tell();
    });
  }

  #lose(partitions: readonly number[]): void {
    const shares = partitions.flatMap((index) => this.#shares.get(index) ?? []);
    if (shares.length === 0) return;
    this.#parts.events.count('member: lost partitions');
    for (const share of shares) {
      share.isTaken = share.isGone = true;
      this.#shares.delete(share.index);
    }
    this.#sink.unassigned(shares.map(({ index }) => index));
  }

  #rejoin(): void {
    if (this.#closed) return;
    this.#lose([...this.#shares.keys()]);
    const { link, time, owner } = this.#parts;
    link
      .call('join', () => this.join())
      .catch(() => {
        // It may have joined all the same.
        if (link.isUp) time.at(300, () => this.restored(), owner);
      });
  }

  #arrived(found: Found[]): void {
    const { given } = this.#parts;
    const batch: IncomingMessage[] = [];
    let size = 0;
    const resets: Assigned[] = [];
    for (const { share, records, next, reset } of found) {
      if (share.isTaken || this.#shares.get(share.index) !== share) continue;
      if (reset !== undefined) {
        // From what is settled: deliveries of the former log are dropped.
        const offset = Math.min(reset.offset, share.tracker.watermark ?? share.committed);
        resets.push({
          ...{ partition: share.index, epoch: share.epoch, from: { ...reset, offset } },
          committed: Math.min(offset, share.committed),
        });
        continue;
      }
      for (const record of records) {
        const value = record.value.slice();
        given(value, {
          isValid: () => !share.isGone && this.#holds(share.index, share.epoch) && this.#parts.owner.alive,
          isTaken: () => share.isTaken,
        });
        const bytes = sizeOf(this.#parts, record);
        size += bytes;
        batch.push(messageOf(share, record, value, bytes));
      }
      share.next = next;
    }
    if (resets.length > 0) {
      this.#parts.events.count('member: position out of range');
      this.#lose(resets.map(({ partition }) => partition));
      this.#take(resets);
    }
    if (batch.length === 0) return;
    // Core may have granted anew just now: it is used up by what is pushed after that.
    this.#credit.messages -= batch.length;
    this.#credit.bytes -= size;
    if (this.#credit.bytes <= 0) this.#parts.events.count('credit: bytes used up');
    if (!this.#closed) this.#sink.push(batch);
  }
}
