/** One topic: its messages, its groups, its bounds. */
import type {
  BrowseSpec,
  Clock,
  DriverHost,
  OutgoingRecord,
  Persistence,
  SendReceipt,
  SubscriptionSpec,
  TopicSpec,
} from '@ebus/core/driver';
import { ConsumerGroup, type GroupLog, type Member } from './consumer-group.js';
import { type Arrival, type LogMessage, toLogMessage } from './log-message.js';
import { MessageRing } from './message-ring.js';
import { SendQueue, type SendTarget } from './send-queue.js';
import { hasLimits, startWithin, type TopicLimits } from './topic-limits.js';

/** The broker's bounds; every topic has the same. */
export interface LogBounds {
  /** Unsettled messages per group before writers wait; also what a persistent topic without durable groups keeps. */
  readonly maxChannelSize: number;
  /** Settled messages that a persistent topic keeps for replay. */
  readonly bufferSize: number;
}

/** The configured settings of a topic. */
export type TopicSettings = TopicLimits & Pick<TopicSpec, 'persistence' | 'description'>;

/** Settled messages beyond the replay buffer that may pile up before they are forgotten in one go. */
const TRIM_SLACK = 256;

/**
 * The log of one topic, for all buses of a broker. Offsets begin at 0 and grow by one a message. A persistent topic
 * without a group keeps at most `maxChannelSize` messages, an ephemeral one none.
 */
export class TopicLog implements GroupLog, SendTarget {
  readonly name: string;
  readonly queue: SendQueue;
  readonly #bounds: LogBounds;
  readonly #messages = new MessageRing();
  readonly #groups: ConsumerGroup[] = [];
  #settings: TopicSettings;
  /** Up to this end there is room for certain; from there on it has to be measured anew. */
  #fullAt = 0;
  /** While it is being configured: what it was before. */
  #wasPersistent = false;
  /** Whether it has been said that messages are forgotten because there is no group. */
  #warned = false;
  /** Of whoever used the topic first: everything here is stamped and measured by it. */
  readonly #clock: Clock;
  /** Of the newest message that came a millisecond after it. */
  #arrival: Arrival = { timestamp: 0, at: Number.NEGATIVE_INFINITY };
  /** Whoever used the topic last; for its logger. */
  #host: DriverHost;

  constructor(name: string, settings: TopicSettings, bounds: LogBounds, host: DriverHost) {
    this.name = name;
    this.#settings = settings;
    this.#bounds = bounds;
    this.#clock = host.clock;
    this.#host = host;
    this.queue = new SendQueue(this);
  }

  get settings(): TopicSettings {
    return this.#settings;
  }

  get persistence(): Persistence {
    return this.#settings.persistence;
  }

  get start(): number {
    return this.#messages.start;
  }

  get end(): number {
    return this.#messages.end;
  }

  get bytes(): number {
    return this.#messages.bytes;
  }

  get groups(): readonly ConsumerGroup[] {
    return this.#groups;
  }

  at(offset: number): LogMessage | undefined {
    return this.#messages.at(offset);
  }

  /** Appends at once where there is room; otherwise the record waits its turn, at most until its deadline. */
  send(record: OutgoingRecord, host: DriverHost): SendReceipt | Promise<SendReceipt> {
    // After that, there is room only if nobody waits for it any more.
    if (this.queue.length > 0) this.queue.drain();
    if (this.hasRoom()) return this.append(record, host);
    return this.queue.add(record, host);
  }

  hasRoom(): boolean {
    if (this.end < this.#fullAt) return true;
    this.#discardOldest();
    let room = Number.POSITIVE_INFINITY;
    for (const group of this.#groups) {
      room = Math.min(room, this.#bounds.maxChannelSize - group.unsettledCount);
    }
    this.#fullAt = this.end + room;
    return room > 0;
  }

  /** Milliseconds since a message was written. */
  ageOf({ arrival }: LogMessage): number {
    return this.#clock.monotonic() - arrival.at;
  }

  append(record: OutgoingRecord, host: DriverHost): SendReceipt {
    this.#host = host;
    const at = this.#clock.monotonic();
    // Asking for both times with every message would cost more than the rest of this.
    if (at - this.#arrival.at >= 1) this.#arrival = { timestamp: this.#clock.now(), at };
    const message = toLogMessage(record, this.end, this.#arrival);
    this.#messages.push(message);
    if (this.#groups.length === 0) this.forgetUnneeded();
    else for (const group of this.#groups) group.wake();
    this.#discardOldest();
    return { topic: record.topic, position: message.position };
  }

  whyFull(): string {
    const [fullest] = [...this.#groups].sort((a, b) => b.unsettledCount - a.unsettledCount);
    if (fullest === undefined) return `topic '${this.name}' had no room`;
    return (
      `group '${fullest.name}' of topic '${this.name}' holds ${fullest.unsettledCount} unsettled messages ` +
      `(memory.maxChannelSize is ${this.#bounds.maxChannelSize}); speed up or restart its subscription, ` +
      'raise maxChannelSize, or give the topic a limit that discards the oldest'
    );
  }

  /** Joins the group, which is created where it does not exist: only then `from` matters. */
  join(spec: Pick<SubscriptionSpec, 'group' | 'durable' | 'from'>, member: Member): ConsumerGroup {
    let group = this.#groups.find(({ name }) => name === spec.group);
    if (group === undefined) {
      this.#discardOldest();
      this.forgetUnneeded();
      group = new ConsumerGroup(this, spec.group, spec.durable, this.#position(spec.from));
      this.#groups.push(group);
      this.#fullAt = 0;
    }
    group.durable ||= spec.durable;
    group.join(member);
    return group;
  }

  /** The messages at this moment, oldest first: from there on, or those that a group has not settled. */
  look(from: BrowseSpec['from']): readonly LogMessage[] {
    this.#discardOldest();
    const group =
      typeof from === 'object' && 'group' in from
        ? this.#groups.find(({ name }) => name === from.group)
        : undefined;
    if (group !== undefined) return group.unsettled();
    const messages: LogMessage[] = [];
    for (let offset = this.#startOf(from); offset < this.end; offset++)
      messages.push(this.at(offset) as LogMessage);
    return messages;
  }

  #startOf(from: BrowseSpec['from']): number {
    if (from instanceof Date) return this.#since(from);
    return typeof from === 'object' && 'at' in from
      ? Math.max(this.start, Number(from.at.get(0) ?? 0))
      : this.start;
  }

  leave(group: ConsumerGroup, member: Member): void {
    group.leave(member);
    this.#removeAbandonedGroups();
  }

  onSettled(group: ConsumerGroup): void {
    if (group.floor - this.start > this.#replaySize + TRIM_SLACK) this.forgetUnneeded();
    if (this.queue.length > 0) this.queue.drain();
  }

  configure(changes: Partial<TopicSettings>): void {
    this.#wasPersistent = this.persistence === 'persistent';
    this.#settings = { ...this.#settings, ...changes };
    this.#discardOldest();
    this.#removeAbandonedGroups();
    this.#wasPersistent = false;
  }

  /** Forgets what no group needs any more, beyond what is kept for replay or for groups to come. */
  forgetUnneeded(): void {
    let needed = this.end;
    let durable = false;
    for (const group of this.#groups) {
      needed = Math.min(needed, group.floor);
      durable ||= group.durable;
    }
    if (this.persistence === 'ephemeral') {
      this.#messages.dropBefore(needed);
    } else if (durable) {
      this.#messages.dropBefore(needed - this.#bounds.bufferSize);
    } else {
      const kept = Math.min(needed, this.end - this.#bounds.maxChannelSize);
      if (kept > this.start) this.#warnOfForgetting();
      this.#messages.dropBefore(kept);
    }
  }

  get #replaySize(): number {
    return this.persistence === 'ephemeral' ? 0 : this.#bounds.bufferSize;
  }

  #position(from: SubscriptionSpec['from']): number {
    if (this.persistence === 'ephemeral' || from === 'latest') return this.end;
    if (from === 'earliest') return this.start;
    return this.#since(from);
  }

  #since(from: Date): number {
    let offset = this.start;
    while (offset < this.end && (this.at(offset) as LogMessage).timestamp < from.getTime()) offset++;
    return offset;
  }

  /** Groups without members stay where they are durable and the topic is persistent; the others vanish. */
  #removeAbandonedGroups(): void {
    const stays = (group: ConsumerGroup) =>
      group.members > 0 || (group.durable && this.persistence === 'persistent');
    const staying = this.#groups.filter(stays);
    for (const group of this.#groups) if (!stays(group)) this.#warnOfAbsence(group);
    this.#groups.splice(0, this.#groups.length, ...staying);
    this.forgetUnneeded();
    this.queue.drain();
  }

  /** Unsettled or not, what is beyond the topic's own limits goes. */
  #discardOldest(): void {
    if (!hasLimits(this.#settings)) return;
    const start = startWithin(this.#settings, this.#messages, this.#clock.monotonic());
    if (start === this.start) return;
    for (const group of this.#groups) group.onForget(start);
    this.#messages.dropBefore(start);
  }

  /** Only where it had been promised that the group would find them. */
  #warnOfAbsence({ name: group, durable, unsettledCount: unsettled }: ConsumerGroup): void {
    if (!durable || unsettled === 0 || !this.#wasPersistent) return;
    const note = 'the topic is ephemeral now: what a group without members had not settled is forgotten';
    this.#host.logger.warn({ topic: this.name, group, unsettled }, note);
  }

  #warnOfForgetting(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#host.logger.warn(
      { topic: this.name },
      `memory topic '${this.name}' has no durable group: it keeps the newest ${this.#bounds.maxChannelSize} ` +
        'messages (memory.maxChannelSize) and forgets older ones from now on',
    );
  }
}
