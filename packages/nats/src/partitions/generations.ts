/** The place of a group in the history of a topic's layouts: it reads one after the other, the next only once it has settled the last. */
import type { StreamInfo } from '@nats-io/jetstream';
import type { Consumers } from '../consumers.js';
import { isMissing } from '../errors.js';
import type { Streams } from '../streams.js';
import { deleteLanes, isDrained, type Lane, type LaneSettings, lanesOf, makeLanes } from './lanes.js';
import { everySubject, type Layout, layoutsOf } from './layout.js';

/** Options of `Generations`. */
export interface GenerationsOptions {
  readonly topic: string;
  readonly consumers: Consumers;
  readonly streams: Streams;
  readonly settings: Omit<LaneSettings, 'stream'>;
}

/** Finds, makes and deletes a group's consumers of each layout. Safe where several members do so at once. */
export class Generations {
  readonly #options: GenerationsOptions;

  constructor(options: GenerationsOptions) {
    this.#options = options;
  }

  /** The consumers of a layout. `from`: where they begin where they are made; by default as the subscription says. */
  lanes(layout: Layout, stream: string, from = this.#options.settings.from): [Lane, ...Lane[]] {
    return lanesOf(layout, { ...this.#options.settings, stream, from });
  }

  /**
   * The layout that the group reads: the newest one that it has begun, since it has settled all before that. A new group begins with
   * the oldest one that has records, or with the present one.
   */
  async current({ config }: StreamInfo): Promise<Layout> {
    const layouts = layoutsOf(this.#options.topic, config);
    const present = layouts.at(-1) as Layout;
    if (layouts.length === 1 || !this.#options.settings.durable) return present;
    const begun = await this.#newest(layouts, config.name);
    if (begun !== undefined) {
      await this.#forget(layouts[begun.generation - 1], config.name);
      return begun;
    }
    if (this.#options.settings.from === 'latest') return present;
    for (const layout of layouts) {
      if ((await this.#options.streams.lastSequence(config.name, everySubject(layout))) > 0) return layout;
    }
    return present;
  }

  /** Everything stored under a former layout is settled by the group. */
  async hasDrained(layout: Layout, stream: string): Promise<boolean> {
    const { consumers, streams } = this.#options;
    for (const { consumer } of this.lanes(layout, stream)) {
      const info = await consumers.find(consumer);
      // Another member has gone on.
      if (info === undefined) return this.hasMovedOn(layout, stream);
      if (!isDrained(info, 0)) return false;
      // Of the consumer's leader, which may not have all that the stream's has.
      const ends = consumer.filters.map((filter) => streams.lastSequence(stream, filter));
      if (!isDrained(info, Math.max(...(await Promise.all(ends))))) return false;
    }
    return true;
  }

  /** A member has made the consumers of a later layout. */
  async hasMovedOn(layout: Layout, stream: string): Promise<boolean> {
    return (await this.#newest(await this.#after(layout), stream)) !== undefined;
  }

  /** Makes the consumers of the layout that follows, where the group is not there yet, then deletes those of the former one. */
  async moveOn(layout: Layout, stream: string): Promise<Layout | undefined> {
    const { consumers } = this.#options;
    const after = await this.#after(layout);
    const next = (await this.#newest(after, stream)) ?? after[0];
    if (next === undefined) return undefined;
    // It was empty when the group had settled everything before it.
    const lanes = this.lanes(next, stream, 'earliest');
    const { isMade } = await makeLanes(consumers, lanes);
    if (isMade && (await this.hasMovedOn(next, stream))) {
      // Others went further at this moment.
      await deleteLanes(consumers, lanes);
      return undefined;
    }
    await deleteLanes(consumers, this.lanes(layout, stream));
    return next;
  }

  /** A member that died while it went on may have left them. Nobody reads them. */
  async #forget(former: Layout | undefined, stream: string): Promise<void> {
    if (former === undefined || !(await this.#isBegun(former, stream))) return;
    await deleteLanes(this.#options.consumers, this.lanes(former, stream)).catch(() => {});
  }

  /** By their subjects: what is known of the history may have become another. */
  async #after(layout: Layout): Promise<readonly Layout[]> {
    const { streams, topic } = this.#options;
    const found = await streams.find(topic);
    const all = found === undefined ? [] : layoutsOf(topic, found.config);
    return all.filter(({ space }) => (space ?? -1) > (layout.space ?? -1));
  }

  async #newest(layouts: readonly Layout[], stream: string): Promise<Layout | undefined> {
    for (const layout of layouts.toReversed()) if (await this.#isBegun(layout, stream)) return layout;
    return undefined;
  }

  async #isBegun(layout: Layout, stream: string): Promise<boolean> {
    const [{ consumer }] = this.lanes(layout, stream);
    try {
      return (await this.#options.consumers.find(consumer)) !== undefined;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}
