/**
 * Looking at a topic: by a consumer of one's own that acknowledges nothing, lives in the server's memory, and is deleted at
 * the end. One whose process dies goes by itself.
 */
import { abortError, type CallOptions, type IncomingMessage } from '@ebus/core/driver';
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JsMsg } from '@nats-io/jetstream';
import { type Msg, nuid } from '@nats-io/transport-node';
import { isMissing, isNoResponders } from '../errors.js';
import type { Link } from '../link.js';
import { partitionIn, type Reading } from '../partitions/reading.js';
import type { Streams } from '../streams.js';
import { JetStreamDelivery } from './delivery.js';

/** With this the names of such consumers begin. */
export const LOOK = 'ebus-look-';
/** Messages asked for at once: they may be large. */
const BATCH = 64;
/** How long one question may stay unanswered before it is asked again. */
const EXPIRES_MS = 5_000;
/** A slow reader may take this long between messages. */
const INACTIVE_NS = 30_000_000_000;
/** How often a consumer that is gone is made again without having brought anything. */
const MAX_RENEWALS = 5;

/** The parts of a connection that `browse` needs. `link` is asked again after each interruption. */
interface BrowseParts {
  readonly link: () => Link;
  readonly streams: Streams;
  readonly stream: string;
}

/**
 * @param after up to where each partition is left out; undefined: nothing is. A date: messages stored before
 * @throws EbusError `ABORTED`, and the client's errors
 */
export async function* browse(
  reading: Reading,
  after: ReadonlyMap<number, number> | Date | undefined,
  { signal }: CallOptions,
  parts: BrowseParts,
): AsyncGenerator<IncomingMessage> {
  const { streams, stream } = parts;
  const ends = await Promise.all(reading.filters.map((filter) => streams.lastSequence(stream, filter)));
  const end = Math.max(...ends);
  const { layout, partition } = reading;
  const settled = after instanceof Date ? undefined : after;
  const first = settled === undefined ? 1 : startOf(settled, partition === undefined ? layout.partitions : 1);
  let next = first;
  for (let renewals = 0; next <= end; renewals++) {
    if (signal.aborted) throw abortError(signal, `looking at '${layout.topic}'`);
    const before = next;
    try {
      for await (const message of deliveries(
        reading,
        after instanceof Date && next === first ? after : next,
        signal,
        parts,
      )) {
        if (message.sequence > end) return;
        next = message.sequence + 1;
        const of = partitionIn(layout, message);
        const isWanted = partition === undefined || of === partition;
        if (isWanted && !message.isMarker && message.sequence > (settled?.get(of) ?? 0)) yield message;
      }
      return;
    } catch (error) {
      if (next > before) renewals = 0;
      // The last kind: the status that a server gives a consumer while it is asked for messages.
      const isGone =
        isMissing(error) || isNoResponders(error) || (error as Error).name === 'JetStreamStatusError';
      if (signal.aborted || !isGone || renewals >= MAX_RENEWALS) throw error;
    }
  }
}

/** One that has settled nothing of a partition is at its beginning. */
function startOf(settled: ReadonlyMap<number, number>, partitions: number): number {
  return settled.size < partitions ? 1 : Math.min(...settled.values()) + 1;
}

/** From that sequence or time on, until there is no further message. */
async function* deliveries(
  { layout: { topic }, filters, incarnation, partition }: Reading,
  start: number | Date,
  signal: AbortSignal,
  { link, stream }: BrowseParts,
): AsyncGenerator<JetStreamDelivery> {
  const config: Partial<ConsumerConfig> = {
    name: `${LOOK}${nuid.next()}`,
    ack_policy: AckPolicy.None,
    ...(start instanceof Date
      ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: start.toISOString() }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start }),
    ...(filters.length === 1 ? { filter_subject: filters[0] as string } : { filter_subjects: [...filters] }),
    inactive_threshold: INACTIVE_NS,
    mem_storage: true,
    num_replicas: 1,
  };
  const place = partition === undefined ? { topic } : { topic, partition };
  const { name, num_pending: pending } = await link().manager.consumers.add(stream, config);
  try {
    const consumer = await link().client.consumers.get(stream, name);
    for (let left = pending; left > 0; ) {
      const messages = await consumer.fetch({ max_messages: Math.min(BATCH, left), expires: EXPIRES_MS });
      const stop = () => void messages.close();
      signal.addEventListener('abort', stop, { once: true });
      let came = false;
      try {
        for await (const message of messages) {
          came = true;
          left = message.info.pending;
          yield new JetStreamDelivery(rawOf(message), incarnation, place);
          if (signal.aborted) break;
        }
      } finally {
        signal.removeEventListener('abort', stop);
      }
      if (signal.aborted) throw abortError(signal, `looking at '${topic}'`);
      // Nothing came: the messages have gone meanwhile, or the server is busy.
      if (!came) left = (await link().manager.consumers.info(stream, name)).num_pending;
    }
  } finally {
    await link()
      .manager.consumers.delete(stream, name)
      .catch(() => {});
  }
}

/** The message as it came, with the bytes of its headers. */
function rawOf(message: JsMsg): Msg {
  return (message as unknown as { msg: Msg }).msg;
}
