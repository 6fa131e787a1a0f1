/** A broker's topics, reduced to a map. Records what it is asked; a test may get in its way. */

import type { DriverTopicAdmin, TopicDescription, TopicSpec } from '../../driver/topic-admin.js';
import { EbusError } from '../../errors.js';

export const ALL_FIELDS = [
  'persistence',
  'retentionMs',
  'maxBytes',
  'maxMessages',
  'replicas',
  'partitions',
  'compression',
  'compressionLevel',
  'description',
] as const satisfies readonly (keyof TopicSpec)[];

export class ModelAdmin implements DriverTopicAdmin {
  readonly supports: ReadonlySet<keyof TopicSpec>;
  readonly persistenceIs: 'setting' | 'route';
  readonly topics = new Map<string, TopicDescription>();
  readonly calls: string[] = [];
  ensure?: NonNullable<DriverTopicAdmin['ensure']>;
  /** Calls under way at once, at most so far. */
  busiest = 0;
  /** Called before each call is carried out. */
  before: (call: string, topic: string) => void | Promise<void> = () => {};
  #running = 0;

  constructor(
    supports: readonly (keyof TopicSpec)[] = ALL_FIELDS,
    persistenceIs: 'setting' | 'route' = 'setting',
  ) {
    this.supports = new Set(supports);
    this.persistenceIs = persistenceIs;
  }

  /** Calls that change something. */
  get changes(): string[] {
    return this.calls.filter((call) => /^(create|alter)/.test(call));
  }

  /** Has core ensure topics before they are used. `find` answers what is there. */
  ensures(
    find: (topic: string) => TopicDescription | undefined | Promise<TopicDescription | undefined> = (topic) =>
      this.topics.get(topic),
  ): void {
    this.ensure = async (topic, { create, use }) => {
      this.calls.push(`ensure ${topic} to ${use}`);
      await this.before('ensure', topic);
      const description = await find(topic);
      if (description !== undefined) return { created: false, description };
      if (create === undefined) throw new EbusError(`no topic ${topic}`, { code: 'TOPIC_NOT_FOUND' });
      await this.before('create', topic);
      this.topics.set(topic, { name: topic, ...create });
      return { created: true };
    };
  }

  describe(topic: string): Promise<TopicDescription | undefined> {
    return this.#call('describe', topic, () => this.topics.get(topic));
  }

  create(topic: string, spec: TopicSpec): Promise<boolean> {
    return this.#call('create', topic, () => {
      if (this.topics.has(topic)) return false;
      this.topics.set(topic, { name: topic, ...spec });
      return true;
    });
  }

  alter(topic: string, changes: Partial<TopicSpec>): Promise<void> {
    return this.#call('alter', topic, () => {
      const present = this.topics.get(topic);
      if (present === undefined) throw new Error(`there is no topic ${topic}`);
      this.topics.set(topic, { ...present, ...changes });
    });
  }

  async #call<T>(name: string, topic: string, carryOut: () => T): Promise<T> {
    this.calls.push(`${name} ${topic}`);
    this.busiest = Math.max(this.busiest, ++this.#running);
    try {
      await this.before(name, topic);
      return carryOut();
    } finally {
      this.#running--;
    }
  }
}
