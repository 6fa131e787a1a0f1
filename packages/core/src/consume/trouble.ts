/** Failures around a consumer's messages, reported to the log, the metrics and the events. */
import { EbusError } from '../errors.js';
import { findHeader, headerText } from '../headers.js';
import { REDRIVE_GROUP_HEADER } from '../reserved-headers.js';
import { shown } from '../util/shown.js';
import type { ConsumerParts } from './consumer-parts.js';
import type { Delivery } from './delivery.js';
import type { Dispatcher } from './dispatcher.js';

/** A redrive of many is told once, with how many it was so far. */
const SKIPS_TOLD_EVERY_MS = 60_000;

/** Reports failures of one consumer to log and events. */
export class Trouble {
  readonly #parts: ConsumerParts;
  #skipsToldAt = Number.NEGATIVE_INFINITY;
  #othersTold = false;
  /** Settled unhandled, because they were redriven for another group. */
  skipped = 0;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  get #of(): { topic: string; group: string } {
    const { topic, group } = this.#parts.policy;
    return { topic, group };
  }

  fetchFailed(err: unknown): void {
    this.#count('receive');
    this.#parts.events.failed('receive', err, 'fetching failed; trying again');
  }

  ended(): void {
    this.#count('receive');
    const note =
      'the transport has ended the subscription: nothing more is received; close it and subscribe again';
    const text = `the subscription to '${this.#of.topic}' has ended`;
    this.#parts.events.failed('receive', new EbusError(text, { code: 'SUBSCRIBE_FAILED' }), note);
  }

  settleFailed(err: unknown, count: number): void {
    this.#count('settle');
    this.#parts.events.failed('settle', err, 'settling failed; the messages may come again', { count });
  }

  renewFailed(err: unknown): void {
    this.#count('lease');
    const note = 'leases could not be renewed; the messages may come again, here or elsewhere';
    this.#parts.logger.error({ err, ...this.#of }, note);
  }

  leasesLost(count: number): void {
    this.#count('lease');
    const note = 'leases ran out or were lost: the messages are let go of, and come again, here or elsewhere';
    this.#parts.logger.warn({ ...this.#of, count }, note);
  }

  /** Another member is at work, and order does not hold across members. */
  others(): void {
    const { logger, policy } = this.#parts;
    if (this.#othersTold || !policy.isNarrowed) return;
    this.#othersTold = true;
    const note =
      'another instance of the group is at work: two events of an aggregate may be handled at once, and out of order. Run one ' +
      "instance, use a broker that offers ordering: 'cluster', or say that this is enough: ordering: 'instance'";
    logger.warn(this.#of, note);
  }

  stalled(ms: number, inFlight: number, dispatcher: Dispatcher): void {
    const { logger, policy } = this.#parts;
    const { longest: waiting } = dispatcher;
    if (waiting < policy.queuePerKey) {
      logger.info({ ...this.#of, ms, inFlight }, 'fetching waits for room in the window');
      return;
    }
    const key = shown(dispatcher.longestKey() ?? '');
    const note =
      'fetching waits for one aggregate: as many of its messages wait as keyedWorkerPool.queueSize permits';
    logger.warn({ ...this.#of, ms, key, waiting }, note);
  }

  skippedOne({ incoming: { key, headers, position } }: Delivery): void {
    this.skipped++;
    const { metrics, clock, logger } = this.#parts;
    metrics?.recordSkipped?.(this.#of.topic);
    const now = clock.monotonic();
    if (now - this.#skipsToldAt < SKIPS_TOLD_EVERY_MS) return;
    this.#skipsToldAt = now;
    const redrivenFor = shown(headerText(findHeader(headers, REDRIVE_GROUP_HEADER) ?? ''));
    logger.warn(
      { ...this.#of, redrivenFor, key, position, skipped: this.skipped },
      "not handled here: the message says that it was redriven for another group; with redrives: 'ignore' it would be",
    );
  }

  #count(what: 'receive' | 'settle' | 'lease'): void {
    this.#parts.metrics?.recordError(what, this.#of.topic);
  }
}
