/** One look at the bus for all who watch; nothing is asked while nobody does. */
import type { Clock, Logger } from '@ebus/core';
import { linkedSignal, pause } from '@ebus/core/driver';
import type { Jobs } from './jobs.js';
import type { Mask } from './mask.js';
import {
  brokerView,
  type ConsoleSource,
  healthView,
  isUnsupported,
  parkedView,
  processView,
  reasonFor,
} from './snapshot.js';
import type { BrokerView, HealthView, ParkedView, Part, Snapshot } from './types.js';

/** Who watches at once; more are refused. */
export const MOST_WATCHERS = 20;
const PUSH_MS = 1_000;
const HEALTH_MS = 3_000;
const BROKER_MS = 3_000;
const PARKED_MS = 1_000;
/** Reading parked keys takes at most such a share of the time. */
const PARKED_SHARE = 5;
/** An answer of the broker that takes longer has failed. */
const ASK_MS = 15_000;

/** The settings of the page. */
export interface FeedOptions {
  readonly mask: Mask | undefined;
  readonly allowActions: boolean;
  readonly traceLink: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Called with each snapshot, as JSON. */
export type Watcher = (json: string) => void;

/** Looks again and again while it is watched, each part at its own pace. */
export class Feed {
  readonly #bus: ConsoleSource;
  readonly #options: FeedOptions;
  readonly #watchers = new Set<Watcher>();
  #jobs: Pick<Jobs, 'all'> = { all: [] };
  #looking: AbortController | undefined;
  #health: Part<HealthView> = { state: 'waiting' };
  #broker: Part<BrokerView> = { state: 'waiting' };
  #parked: Part<readonly ParkedView[]> = { state: 'waiting' };
  /** The ends of the dead-letter topics when their parked keys were read. */
  #readAt = '';
  /** Not to be read again before; monotonic. */
  #readNext = 0;

  constructor(bus: ConsoleSource, options: FeedOptions) {
    this.#bus = bus;
    this.#options = options;
  }

  show(jobs: Pick<Jobs, 'all'>): void {
    this.#jobs = jobs;
  }

  /** Undefined where too many watch. The function returned ends it. */
  watch(watcher: Watcher): (() => void) | undefined {
    if (this.#watchers.size >= MOST_WATCHERS) return undefined;
    this.#watchers.add(watcher);
    if (this.#looking === undefined) this.#begin();
    watcher(this.#json());
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.close();
    };
  }

  /** Something has changed that should be seen at once. */
  push(): void {
    if (this.#watchers.size === 0) return;
    const json = this.#json();
    for (const watcher of this.#watchers) watcher(json);
  }

  close(): void {
    this.#looking?.abort();
    this.#looking = undefined;
  }

  #begin(): void {
    const looking = new AbortController();
    this.#looking = looking;
    const { signal } = looking;
    const { clock, logger } = this.#options;
    const repeat = async (ms: number, look: () => Promise<void> | void) => {
      while (!signal.aborted) {
        await look();
        await pause(clock, ms, signal);
      }
    };
    const all = [
      repeat(HEALTH_MS, async () => {
        const health = await this.#part(this.#health, (limit) => healthView(this.#bus, limit), signal);
        if (!signal.aborted) this.#health = health;
      }),
      repeat(BROKER_MS, async () => {
        const broker = await this.#part(this.#broker, (limit) => brokerView(this.#bus, limit), signal);
        if (!signal.aborted) this.#broker = broker;
      }),
      repeat(PARKED_MS, () => this.#lookForParked(signal)),
      repeat(PUSH_MS, () => this.push()),
    ];
    Promise.all(all).catch((err: unknown) =>
      logger.error({ err }, 'the console cannot look at the bus any more'),
    );
  }

  /** Only where a dead-letter topic has changed: its letters are read for it. */
  async #lookForParked(signal: AbortSignal): Promise<void> {
    if (this.#broker.state === 'unsupported') this.#parked = this.#broker;
    if (this.#broker.state !== 'ok') return;
    const topics = this.#broker.value.topics.filter(
      ({ waiting, messages }) => (waiting ?? 0) > 0 || (waiting !== undefined && (messages ?? 0) > 0),
    );
    const at = JSON.stringify(
      topics.map(({ name, messages, waiting, newestAt }) => [name, messages, waiting, newestAt]),
    );
    if (at === this.#readAt && this.#parked.state === 'ok') return;
    const { clock } = this.#options;
    const began = clock.monotonic();
    if (began < this.#readNext) return;
    const names = topics.map(({ name }) => name);
    const parked = await this.#part(this.#parked, (limit) => parkedView(this.#bus, names, limit), signal);
    // The last page has been closed: that is no answer of the broker.
    if (signal.aborted) return;
    this.#parked = parked;
    this.#readAt = at;
    this.#readNext = clock.monotonic() + PARKED_SHARE * (clock.monotonic() - began);
  }

  async #part<T>(
    before: Part<T>,
    ask: (limit: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<Part<T>> {
    const { clock } = this.#options;
    const { signal: limit, release } = linkedSignal(signal, clock.timeout(ASK_MS));
    try {
      const value = await ask(limit);
      return { state: 'ok', at: new Date(clock.now()).toISOString(), value };
    } catch (error) {
      if (isUnsupported(error)) return { state: 'unsupported', reason: reasonFor(error) };
      const last = 'value' in before ? { at: before.at, value: before.value } : {};
      const isLate = limit.aborted && !signal.aborted;
      const reason = isLate ? `no answer within ${ASK_MS / 1_000} s` : reasonFor(error);
      return { state: 'failed', reason, ...last } as Part<T>;
    } finally {
      release();
    }
  }

  #json(): string {
    const { mask, allowActions, traceLink, clock } = this.#options;
    const { type, serviceName } = this.#bus;
    const snapshot: Snapshot = {
      at: new Date(clock.now()).toISOString(),
      service: serviceName,
      transport: type,
      allowActions,
      ...(traceLink === undefined ? {} : { traceLink }),
      ...processView(this.#bus, mask),
      health: this.#health,
      broker: this.#broker,
      parked: this.#parked,
      jobs: this.#jobs.all,
    };
    return JSON.stringify(snapshot);
  }
}
