/** Several topics' subscriptions that share a consumer: each message goes to the one of its topic. */
import type { Credit, SubscriptionSink } from '@ebus/core/driver';
import type { JetStreamDelivery } from './delivery.js';
import type { Target } from './target.js';

const NONE: Credit = { messages: 0, bytes: 0 };

/** One topic's subscription on a shared consumer. */
export interface Member {
  readonly sink: SubscriptionSink;
  credit: Credit;
  failure: unknown;
}

/** Splits pushes by topic. Its credit is the smallest of its members', and zero until each topic has a member. */
export class SharedTarget implements Target {
  readonly #topics: readonly string[];
  readonly #members = new Map<string, Member>();

  constructor(topics: readonly string[]) {
    this.#topics = topics;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Topics without a subscription. */
  get missing(): string[] {
    return this.#topics.filter((topic) => !this.#members.has(topic));
  }

  /**
   * Any message may be of any topic: as much as the fullest has room for, and nothing until each topic has a
   * subscription.
   */
  get credit(): Credit {
    if (this.#members.size < this.#topics.length) return NONE;
    let { messages, bytes } = { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
    let missing = 0;
    for (const { credit } of this.#members.values()) {
      messages = Math.min(messages, credit.messages);
      bytes = Math.min(bytes, credit.bytes);
      missing = Math.max(missing, credit.missing ?? 0);
    }
    return { messages, bytes, missing };
  }

  /** Whether the topic has a subscription here. */
  takes(topic: string): boolean {
    return this.#members.has(topic);
  }

  join(topic: string, sink: SubscriptionSink): Member {
    const member = { sink, credit: NONE, failure: undefined };
    this.#members.set(topic, member);
    return member;
  }

  leave(topic: string, member: Member): void {
    if (this.#members.get(topic) === member) this.#members.delete(topic);
  }

  push(batch: readonly JetStreamDelivery[]): void {
    for (const [member, some] of this.#apart(batch)) {
      const bytes = some.reduce((sum, { size }) => sum + size, 0);
      member.credit = {
        ...member.credit,
        messages: member.credit.messages - some.length,
        bytes: member.credit.bytes - bytes,
      };
      member.sink.push(some);
    }
  }

  lost(deliveries: readonly JetStreamDelivery[]): void {
    for (const [{ sink }, some] of this.#apart(deliveries)) sink.lost(some);
  }

  failed(error: unknown): void {
    for (const member of this.#members.values()) {
      member.failure = error;
      member.sink.failed(error);
    }
  }

  resumed(): void {
    for (const { sink } of this.#members.values()) sink.resumed();
  }

  #apart(batch: readonly JetStreamDelivery[]): Map<Member, JetStreamDelivery[]> {
    const apart = new Map<Member, JetStreamDelivery[]>();
    for (const delivery of batch) {
      const member = this.#members.get(delivery.topic);
      if (member === undefined) continue;
      const some = apart.get(member);
      if (some === undefined) apart.set(member, [delivery]);
      else some.push(delivery);
    }
    return apart;
  }
}
