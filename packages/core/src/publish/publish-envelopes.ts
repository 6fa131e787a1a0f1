/** Publishing many envelopes: bounded, in order per aggregate, failures reported rather than thrown. */
import type { EnvelopeInput } from '../envelope/envelope.js';
import { abortError, EbusError, PublishError } from '../errors.js';
import type { PublishReceipt } from '../pipeline/context.js';
import type { PublishReport, PublishResult } from './types.js';

const DEFAULT_IN_FLIGHT = 1_000;

export interface PublishEnvelopesOptions {
  topic: string;
  maxInFlight?: number | undefined;
  signal?: AbortSignal | undefined;
  /** The client keeps order over its own retries, so that one aggregate's events may be pipelined. */
  pipelinePerAggregate: boolean;
  publish(envelope: EnvelopeInput): Promise<PublishReceipt>;
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
  const { topic, signal, publish, pipelinePerAggregate } = options;
  const maxInFlight = options.maxInFlight ?? DEFAULT_IN_FLIGHT;
  if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1) {
    throw new EbusError(`maxInFlight must be a positive integer, got ${String(maxInFlight)}`, {
      code: 'INVALID_ARGUMENT',
    });
  }
  const failed: PublishResult[] = [];
  const failedAggregates = new Set<string>();
  const tails = new Map<string, Promise<void>>();
  let published = 0;
  let inFlight = 0;
  let wake: (() => void) | undefined;

  const fail = (envelope: EnvelopeInput, error: EbusError) => {
    failedAggregates.add(envelope.aggregateId);
    failed.push(resultOf(topic, envelope, error, options.now()));
  };
  const send = async (envelope: EnvelopeInput, previous: Promise<void> | undefined): Promise<void> => {
    try {
      await previous;
      if (signal?.aborted === true) throw abortError(signal, `publishing to '${topic}'`);
      if (failedAggregates.has(envelope.aggregateId)) {
        throw new PublishError(
          `not sent: an earlier event of aggregate '${envelope.aggregateId}' in this call failed; publish both again`,
          { retryable: true },
        );
      }
      await publish(envelope);
      published++;
    } catch (error) {
      fail(
        envelope,
        EbusError.from(error, (reason) => new PublishError(reason, { cause: error })),
      );
    } finally {
      inFlight--;
      wake?.();
    }
  };

  const room = async (limit: number) => {
    while (inFlight > limit) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  try {
    for await (const envelope of envelopes) {
      await room(maxInFlight - 1);
      inFlight++;
      const { aggregateId } = envelope;
      const sent = send(envelope, pipelinePerAggregate ? undefined : tails.get(aggregateId));
      if (pipelinePerAggregate) continue;
      const tail = sent.then(() => {
        if (tails.get(aggregateId) === tail) tails.delete(aggregateId);
      });
      tails.set(aggregateId, tail);
    }
  } finally {
    // Also where the caller's iterable throws: what was begun is not left behind.
    await room(0);
  }
  return { published, failed };
}

function resultOf(topic: string, envelope: EnvelopeInput, error: EbusError, now: number): PublishResult {
  const { eventId = '', aggregateId, eventType, timestamp = new Date(now) } = envelope;
  return { eventId, aggregateId, eventType, topic, timestamp, ok: false, error };
}
