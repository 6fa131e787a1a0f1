/** Topics that have to be made before they are used, as seen by one client. */
import {
  type CallOptions,
  type DriverTopicAdmin,
  EbusError,
  type EnsuredTopic,
  type EnsureSpec,
  type OutgoingRecord,
  type Persistence,
  type TopicDescription,
  type TopicSpec,
} from '@ebus/core/driver';
import type { MemberParts } from './member.js';

interface SimAdminOptions {
  readonly parts: MemberParts;
  /** What the broker has; shared by all clients. */
  readonly there: Set<string>;
  /** Ephemeral messages go a way of their own, for which nothing has to be made. */
  readonly isRoute: boolean;
}

/** Topic administration of one process over its link. */
export class SimAdmin implements DriverTopicAdmin {
  readonly supports: ReadonlySet<keyof TopicSpec> = new Set<keyof TopicSpec>(['persistence']);
  readonly persistenceIs: 'route' | 'setting';
  readonly #options: SimAdminOptions;
  /** Those that core has asked for. */
  readonly #asked = new Set<string>();

  constructor(options: SimAdminOptions) {
    this.#options = options;
    this.persistenceIs = options.isRoute ? 'route' : 'setting';
  }

  ensure(topic: string, { create }: EnsureSpec, { signal }: CallOptions): Promise<EnsuredTopic> {
    const { parts, there } = this.#options;
    this.#asked.add(topic);
    parts.events.count('topic: ensured');
    const look = () => {
      if (there.has(topic)) return { created: false };
      if (create === undefined) throw notFound(topic);
      there.add(topic);
      parts.events.count('topic: made');
      return { created: true };
    };
    return parts.link.call('ensure', look, signal);
  }

  describe(topic: string, { signal }: CallOptions): Promise<TopicDescription | undefined> {
    this.#asked.add(topic);
    const look = () => (this.#options.there.has(topic) ? { name: topic } : undefined);
    return this.#options.parts.link.call('describe', look, signal);
  }

  async create(topic: string, _spec: TopicSpec, { signal }: CallOptions): Promise<boolean> {
    const { parts, there } = this.#options;
    const make = () => !there.has(topic) && there.add(topic).has(topic);
    const isNew = await parts.link.call('create', make, signal);
    this.#asked.add(topic);
    return isNew;
  }

  async alter(_topic: string, _changes: Partial<TopicSpec>, { signal }: CallOptions): Promise<void> {
    await this.#options.parts.link.call('alter', () => {}, signal);
  }

  /** Core is about to use it. */
  uses(topic: string, persistence: Persistence, what: string): void {
    const { parts, isRoute } = this.#options;
    if (this.#asked.has(topic) || (isRoute && persistence === 'ephemeral')) return;
    parts.events.problem('topics', `${parts.name} ${what} ${topic} and did not look whether it is there`);
  }

  /** At the broker. @throws EbusError where it does not have the topic */
  check({ topic, persistence }: Pick<OutgoingRecord, 'topic' | 'persistence'>): void {
    const { parts, there, isRoute } = this.#options;
    if (there.has(topic) || (isRoute && persistence === 'ephemeral')) return;
    parts.events.count('topic: not found');
    throw notFound(topic);
  }
}

const notFound = (topic: string) =>
  new EbusError(`the broker does not have '${topic}'`, { code: 'TOPIC_NOT_FOUND', retryable: true });
