/**
 * A stand-in for your broker and its client, so that everything runs from the first minute: a log for each topic; groups whose
 * members share the messages, acknowledge each by itself, and leave the others behind for the next. It lives in this process and
 * ends with it. Replace it first.
 */

/** A message on the wire. */
export interface WireMessage {
  readonly key: string | Uint8Array | undefined;
  readonly headers: readonly (readonly [name: string, value: string | Uint8Array])[];
  readonly body: Uint8Array;
}

export interface StoredMessage extends WireMessage {
  readonly offset: number;
  readonly storedAt: number;
}

/** An answer of the broker that says no. */
export class AcmeError extends Error {
  readonly code: 'LOG_FULL' | 'DISCONNECTED';

  constructor(code: AcmeError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

interface Group {
  /** The first one that no member was given. */
  next: number;
  /** Handed back, to be given before newer ones. Ascending. */
  again: number[];
  /** Given and not acknowledged, by member. */
  readonly held: Map<Member, Set<number>>;
}

/** Called when there may be something to take. */
export type Member = () => void;

class Topic {
  readonly log: StoredMessage[] = [];
  readonly groups = new Map<string, Group>();
}

const CAPACITY = 1_000_000;
const brokers = new Map<string, Map<string, Topic>>();

/** One connection. */
export class AcmeClient {
  readonly #topics: Map<string, Topic>;
  #isOpen = true;

  private constructor(topics: Map<string, Topic>) {
    this.#topics = topics;
  }

  static async connect(url: string): Promise<AcmeClient> {
    const topics = brokers.get(url) ?? new Map<string, Topic>();
    brokers.set(url, topics);
    return new AcmeClient(topics);
  }

  async ping(): Promise<void> {
    this.#check();
  }

  /** @returns the offset */
  async append(name: string, message: WireMessage): Promise<number> {
    const { log, groups } = this.#topic(name);
    if (log.length === CAPACITY) throw new AcmeError('LOG_FULL', `the log of '${name}' is full`);
    const offset = log.push({ ...message, offset: log.length, storedAt: Date.now() }) - 1;
    for (const { held } of groups.values()) for (const wake of held.keys()) wake();
    return offset;
  }

  /** A group without a position begins at the first message since that date. */
  async join(name: string, group: string, since: number, member: Member): Promise<void> {
    const { groups, log } = this.#topic(name);
    const first = log.findIndex(({ storedAt }) => storedAt >= since);
    const joined = groups.get(group) ?? { next: first < 0 ? log.length : first, again: [], held: new Map() };
    groups.set(group, joined);
    joined.held.set(member, joined.held.get(member) ?? new Set());
  }

  /** Oldest first, up to so many messages; the one that crosses `bytes` is the last. */
  async take(
    name: string,
    group: string,
    member: Member,
    max: number,
    bytes: number,
  ): Promise<StoredMessage[]> {
    const { groups, log } = this.#topic(name);
    const from = groups.get(group);
    const held = from?.held.get(member);
    const taken: StoredMessage[] = [];
    let size = 0;
    while (from !== undefined && held !== undefined && taken.length < max && size < bytes) {
      const message = log[from.again.shift() ?? from.next];
      if (message === undefined) break;
      from.next = Math.max(from.next, message.offset + 1);
      held.add(message.offset);
      taken.push(message);
      size += message.body.length;
    }
    return taken;
  }

  /** They are never given to this group again. */
  async acknowledge(name: string, group: string, member: Member, offsets: readonly number[]): Promise<void> {
    const held = this.#topic(name).groups.get(group)?.held.get(member);
    for (const offset of offsets) held?.delete(offset);
  }

  /** They are given to the next one that asks. */
  async handBack(name: string, group: string, member: Member, offsets: readonly number[]): Promise<void> {
    const from = this.#topic(name).groups.get(group);
    const held = from?.held.get(member);
    if (from === undefined || held === undefined) return;
    from.again.push(...offsets.filter((offset) => held.delete(offset)));
    from.again.sort((a, b) => a - b);
    for (const wake of from.held.keys()) wake();
  }

  /** Messages that the group has not acknowledged. */
  async lag(name: string, group: string): Promise<number> {
    const { groups, log } = this.#topic(name);
    const { next, again, held } = groups.get(group) ?? {
      next: 0,
      again: [],
      held: new Map<Member, Set<number>>(),
    };
    return log.length - next + again.length + [...held.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** What it has not acknowledged is handed back. `forget` removes a group that has no other member. */
  async leave(name: string, group: string, member: Member, forget: boolean): Promise<void> {
    const { groups } = this.#topic(name);
    const held = groups.get(group)?.held;
    await this.handBack(name, group, member, [...(held?.get(member) ?? [])]);
    held?.delete(member);
    if (forget && held?.size === 0) groups.delete(group);
  }

  close(): void {
    this.#isOpen = false;
  }

  #topic(name: string): Topic {
    this.#check();
    const topic = this.#topics.get(name) ?? new Topic();
    this.#topics.set(name, topic);
    return topic;
  }

  #check(): void {
    if (!this.#isOpen) throw new AcmeError('DISCONNECTED', 'the client is closed');
  }
}
