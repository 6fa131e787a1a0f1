/** Waiting until all messages that a bus published to itself are handled. */
import type { Consumer } from '../consume/consumer.js';
import { type Duration, parseDuration } from '../duration.js';
import { EbusError } from '../errors.js';
import type { TopicRoute } from '../publish/topic-route.js';
import { anySignal } from '../util/any-signal.js';
import { abortSignal, duration } from '../util/option-kinds.js';
import { optionTable } from '../util/options.js';
import { macrotask } from '../util/promise.js';
import { shown } from '../util/shown.js';
import { abortable, pause } from '../util/waiting.js';
import type { BusParts } from './bus-parts.js';

/** How long to wait, and the signal that gives up waiting. */
export interface IdleOptions {
  timeout?: Duration;
  signal?: AbortSignal;
}

/** The options of `idle`, as they are checked. */
export const IDLE_OPTIONS = optionTable<IdleOptions>({ timeout: duration, signal: abortSignal });

/** Who waits without a timeout is told about it. */
const TELL_AFTER_MS = 10_000;
/** Between two looks. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;
/** Messages about to arrive here need no question to the broker; it is asked only where they stay away. */
const ASK_AFTER_MS = 500;

type Parts = Pick<
  BusParts,
  'publisher' | 'subscriptions' | 'routes' | 'driver' | 'clock' | 'logger' | 'closing'
>;

/** Implements `bus.idle`. Asks subscriptions again after 1 to 50 ms, without a limit unless `timeout` is given. */
export async function idle(parts: Parts, { timeout, signal }: IdleOptions): Promise<void> {
  const { clock, logger } = parts;
  const waiting = new Waiting(parts);
  const late = new AbortController();
  const ms = timeout === undefined ? TELL_AFTER_MS : parseDuration(timeout);
  const timer = clock.setTimeout(() => {
    if (timeout !== undefined) late.abort();
    else logger.warn({ busy: waiting.busy() }, 'idle() still waits; give it a timeout to end that');
  }, ms);
  const over = anySignal(late.signal, signal);
  try {
    await waiting.over(over);
  } catch (error) {
    if (!late.signal.aborted || signal?.aborted === true) throw error;
    const busy = waiting.busy().join('; ');
    const text = `the bus was not idle within ${ms} ms: ${busy === '' ? 'messages were still coming' : busy}`;
    throw new EbusError(text, { code: 'IDLE_TIMEOUT', retryable: true });
  } finally {
    clock.clearTimeout(timer);
    late.abort();
  }
}

interface Followed {
  readonly consumer: Consumer;
  readonly route: TopicRoute;
}

class Waiting {
  readonly #parts: Parts;
  /** Subscriptions with unhandled messages of this bus, as of the last look, in words. */
  #behind: string[] = [];
  #askedAt: number;
  /** Publishes without a position for which a round trip was made. */
  #roundTrips = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#askedAt = parts.clock.monotonic();
  }

  /** @throws EbusError `ABORTED` */
  async over(signal: AbortSignal): Promise<void> {
    const { publisher, subscriptions, clock } = this.#parts;
    const what = 'waiting until the bus is idle';
    let pauseMs = FIRST_PAUSE_MS;
    for (let quiet = 0; quiet < 2; ) {
      await abortable(publisher.flush(), signal, what);
      await abortable(this.#delivered(signal), signal, what);
      await abortable(subscriptions.quiet(), signal, what);
      await macrotask(clock);
      const before = publisher.published;
      const isQuiet = () => publisher.open === 0 && subscriptions.isQuiet && publisher.published === before;
      // The second time nothing was published since the last question: its answer holds.
      if (isQuiet() && quiet === 0) this.#behind = await abortable(this.#look(signal), signal, what);
      if (isQuiet() && this.#behind.length === 0) {
        quiet++;
        continue;
      }
      quiet = 0;
      if (this.#behind.length === 0) continue;
      await abortable(pause(clock, pauseMs, signal), signal, what);
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }

  /** Who keeps the bus from being idle, in words. */
  busy(): string[] {
    const { publisher, subscriptions } = this.#parts;
    const busy = publisher.open === 0 ? [] : [`${publisher.open} publishes are not acknowledged`];
    for (const { topic, group, consumers } of subscriptions.active()) {
      const said: string[] = [];
      for (const { unfinished } of consumers) {
        if (unfinished.unsettled > 0) said.push(`${unfinished.unsettled} messages are unsettled`);
        if (unfinished.paused) said.push('it is paused');
        const keys = [...new Set(unfinished.halted)].map((key) =>
          key === '' ? 'all' : `'${shown(key, 60)}'`,
        );
        if (keys.length === 0) continue;
        const more = keys.length > 5 ? ` and ${keys.length - 5} more` : '';
        said.push(`halted: ${keys.slice(0, 5).join(', ')}${more}; call retryHalted() or skipHalted()`);
      }
      if (said.length > 0) busy.push(`${topic} (group ${group}): ${said.join(', ')}`);
    }
    return [...busy, ...this.#behind];
  }

  /** The consumers of what this bus published. */
  #followed(): Followed[] {
    const { subscriptions, routes } = this.#parts;
    return subscriptions.active().flatMap((subscription) => {
      const route = routes.known(subscription.topic);
      const consumer = subscription.consumers.at(-1);
      return route === undefined || consumer === undefined ? [] : [{ consumer, route }];
    });
  }

  /**
   * Where receipts have no position and no lag can be asked, the broker has forwarded all earlier messages by the time it
   * answers a later question.
   */
  async #delivered(signal: AbortSignal): Promise<void> {
    let unplaced = 0;
    for (const { consumer, route } of this.#followed())
      if (consumer.lagSource === undefined) unplaced += route.unplaced;
    if (unplaced === this.#roundTrips) return;
    try {
      await this.#parts.driver.ping({ signal });
      this.#roundTrips = unplaced;
    } catch {
      // Without a connection nothing is on its way.
    }
  }

  async #look(signal: AbortSignal): Promise<string[]> {
    const looks = await Promise.all(this.#followed().map((followed) => this.#lookAt(followed, signal)));
    return looks.filter((behind) => behind !== undefined);
  }

  /** The unhandled messages, in words; undefined where there are none. */
  async #lookAt({ consumer, route }: Followed, signal: AbortSignal): Promise<string | undefined> {
    const unknown = consumer.unknown(route.published);
    const { lagSource: source } = consumer;
    const needsLag = source !== undefined && route.unplaced > 0;
    if (unknown.length === 0 && !needsLag) return undefined;
    const name = `${consumer.topic} (group ${consumer.group})`;
    const first = unknown[0];
    const behind = `${name}: not handled up to ${first === undefined ? 'the end' : `${first.partition}:${first.offset}`}`;
    if (source === undefined) return behind;
    const now = this.#parts.clock.monotonic();
    if (!needsLag && unknown.every(({ isOwn }) => isOwn) && now - this.#askedAt < ASK_AFTER_MS) return behind;
    this.#askedAt = now;
    try {
      // One of its own: Node warns where more than ten listen to one signal. Whoever looks gives up by `signal`.
      const lags = await source.lag(anySignal(signal));
      if (needsLag && lags.some(({ lag }) => lag > 0)) return behind;
      const open = unknown.some(({ partition, offset }) => {
        // One that reads all partitions together tells of all of them at once.
        const of = lags.length === 1 ? lags[0] : lags.find((lag) => lag.partition === partition);
        return of !== undefined && of.lag > 0 && (of.settled === undefined || of.settled < offset);
      });
      return open ? behind : undefined;
    } catch (error) {
      return `${name}: its lag cannot be asked for: ${shown(error)}`;
    }
  }
}
