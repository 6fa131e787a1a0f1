/** Publishing many envelopes: bounded, in order per aggregate, failures reported rather than thrown. */
import type { EnvelopeInput } from '../envelope/envelope.js';
import { abortError, BusClosedError, EbusError, PublishError } from '../errors.js';
import type { PublishReceipt } from '../pipeline/context.js';
import { linkedSignal } from '../util/any-signal.js';
import type { EventLoopYield } from '../util/event-loop-yield.js';
import { shown } from '../util/shown.js';
import { Turns } from '../util/turns.js';
import { isSource, SourceReader } from './source-reader.js';
import type { PublishReport, PublishResult } from './types.js';

const DEFAULT_IN_FLIGHT = 1_000;
/** Items read before the time is looked at. */
const BURST = 64;
const MAX_REASON = 500;

/** Bound and parts of one call. */
export interface PublishEnvelopesOptions {
  topic: string;
  maxInFlight?: number | undefined;
  /** The publisher's own limit: more would only wait there. */
  publisherMaxInFlight: number;
  signal?: AbortSignal | undefined;
  /** Aborts once publishing is refused. */
  closed: AbortSignal;
  /** The client keeps order over its own retries, so that one aggregate's events may be pipelined. */
  pipelinePerAggregate: boolean;
  loopYield: EventLoopYield;
  publish(envelope: EnvelopeInput): Promise<PublishReceipt>;
  /** Told once, with the first failure, if any. */
  ended?(error: unknown): void;
  now(): number;
}

/**
 * Where the client does not keep order over retries, an aggregate's next event is sent when its previous one was
 * acknowledged. Once an event of an aggregate has failed, its later events are reported unsent.
 */
export async function publishEnvelopes(
  envelopes: Iterable<EnvelopeInput> | AsyncIterable<EnvelopeInput>,
  options: PublishEnvelopesOptions,
): Promise<PublishReport> {
  try {
    const report = await publishAll(envelopes, options);
    const [first] = report.failed;
    options.ended?.(first?.ok === false ? first.error : report.stopped);
    return report;
  } catch (error) {
    options.ended?.(error);
    throw error;
  }
}

async function publishAll(
  envelopes: Iterable<EnvelopeInput> | AsyncIterable<EnvelopeInput>,
  options: PublishEnvelopesOptions,
): Promise<PublishReport> {
  const { signal, closed } = options;
  if (!isSource(envelopes)) {
    const text = 'publishEnvelopes(topic, envelopes) needs a list or another (async) iterable of envelopes';
    throw new EbusError(`${text}; for a single one use publishEnvelope`, { code: 'INVALID_ARGUMENT' });
  }
  if (signal === undefined) return publishUntil(closed, envelopes, options);
  const stop = linkedSignal(signal, closed);
  try {
    return await publishUntil(stop.signal, envelopes, options);
  } finally {
    stop.release();
  }
}

async function publishUntil(
  stop: AbortSignal,
  envelopes: Iterable<EnvelopeInput> | AsyncIterable<EnvelopeInput>,
  options: PublishEnvelopesOptions,
): Promise<PublishReport> {
  const { topic, signal, loopYield } = options;
  const batch = new Batch(options, boundOf(options));
  const wake = () => batch.wake();
  stop.addEventListener('abort', wake, { once: true });
  const reader = new SourceReader(envelopes, stop);
  try {
    for (let read = 1; ; read++) {
      const step = await reader.next();
      if (step.done) break;
      await batch.room(stop);
      batch.add(step.value);
      // A source that is always ready must not keep acknowledgements and timers from their turn.
      const turn = read % BURST === 0 ? loopYield.due() : undefined;
      if (turn !== undefined) await turn;
    }
  } finally {
    stop.removeEventListener('abort', wake);
    await reader.close();
    // Also where the caller's iterable throws: nothing that was begun is left behind.
    await batch.settled();
  }
  const { published, failed } = batch;
  if (!stop.aborted) return { published, failed };
  const stopped =
    signal?.aborted === true ? abortError(signal, `publishing to '${topic}'`) : new BusClosedError();
  return { published, failed, stopped };
}

function boundOf({ maxInFlight = DEFAULT_IN_FLIGHT, publisherMaxInFlight }: PublishEnvelopesOptions): number {
  if (Number.isSafeInteger(maxInFlight) && maxInFlight >= 1)
    return Math.min(maxInFlight, publisherMaxInFlight);
  throw new EbusError(`maxInFlight must be a positive integer, got ${String(maxInFlight)}`, {
    code: 'INVALID_ARGUMENT',
  });
}

/** The envelopes of one call. */
class Batch {
  readonly #options: PublishEnvelopesOptions;
  readonly #maxInFlight: number;
  readonly #failedAggregates = new Set<string>();
  readonly #turns = new Turns();
  #inFlight = 0;
  #wake: (() => void) | undefined;
  published = 0;
  readonly failed: PublishResult[] = [];

  constructor(options: PublishEnvelopesOptions, maxInFlight: number) {
    this.#options = options;
    this.#maxInFlight = maxInFlight;
  }

  /** Resolves when one more may go, or the signal aborts. */
  async room(stop: AbortSignal): Promise<void> {
    while (this.#inFlight >= this.#maxInFlight && !stop.aborted) await this.#woken();
  }

  /** Resolves when nothing of the call is under way any more. */
  async settled(): Promise<void> {
    while (this.#inFlight > 0) await this.#woken();
  }

  wake(): void {
    this.#wake?.();
  }

  add(envelope: EnvelopeInput): void {
    this.#inFlight++;
    // What a source yields may be anything. An id that is no text names no aggregate.
    const aggregateId = textOf(envelope, 'aggregateId');
    const send = () => this.#send(envelope, aggregateId);
    if (this.#options.pipelinePerAggregate || aggregateId === '') void send();
    else void this.#turns.run(aggregateId, send);
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Never rejects. */
  async #send(envelope: EnvelopeInput, aggregateId: string): Promise<void> {
    const { topic, signal, publish } = this.#options;
    try {
      if (signal?.aborted === true) throw abortError(signal, `publishing to '${topic}'`);
      if (this.#failedAggregates.has(aggregateId)) {
        throw new PublishError(
          `not sent: an earlier event of aggregate '${aggregateId}' in this call failed; publish both again`,
          { retryable: true },
        );
      }
      await publish(envelope);
      this.published++;
    } catch (error) {
      if (aggregateId !== '') this.#failedAggregates.add(aggregateId);
      this.failed.push(this.#resultOf(envelope, aggregateId, error));
    } finally {
      this.#inFlight--;
      this.#wake?.();
    }
  }

  #resultOf(envelope: EnvelopeInput, aggregateId: string, cause: unknown): PublishResult {
    const { topic, now } = this.#options;
    const error = EbusError.from(cause, (reason) => new PublishError(shown(reason, MAX_REASON), { cause }));
    const timestamp: unknown = fieldOf(envelope, 'timestamp');
    return {
      eventId: textOf(envelope, 'eventId'),
      aggregateId,
      eventType: textOf(envelope, 'eventType'),
      topic,
      timestamp: timestamp instanceof Date ? timestamp : new Date(now()),
      ok: false,
      error,
    };
  }
}

function textOf(envelope: unknown, field: keyof EnvelopeInput): string {
  const value = fieldOf(envelope, field);
  return typeof value === 'string' ? value : '';
}

/** `undefined` where there is nothing to read, or reading throws. */
function fieldOf(envelope: unknown, field: keyof EnvelopeInput): unknown {
  try {
    return (envelope as EnvelopeInput | null | undefined)?.[field];
  } catch {
    return undefined;
  }
}
