/** Looking at a topic: by a consumer of one's own that is assigned partitions, so it joins no group, and commits nothing. */
import {
  abortError,
  type BrowseSpec,
  type CallOptions,
  type Clock,
  ConnectionError,
  EbusError,
  type IncomingMessage,
  randomUuid,
  reasonOf,
  within,
} from '@ebus/core/driver';
import { classify, isLoginRefused } from './errors.js';
import { type ClientOptions, connect, leave, newConsumer, poll } from './group/consumer-client.js';
import { committedOf, logsOf } from './group/lookup.js';
import { Partition } from './group/partition.js';
import { type Committed, outsideLog } from './group/positions.js';
import type { NativeConsumer } from './native-client.js';
import { keyOf, type Questions } from './questions.js';

const BATCH = 128;
/** How long one question may block a thread, where nothing comes. */
const POLL_MS = 100;
const LEAVE_MS = 2_000;

/** The parts of a connection that `browse` needs. */
export interface BrowseParts extends ClientOptions {
  readonly clock: Clock;
  readonly questions: Questions;
  onError(error: unknown): void;
}

/** @throws EbusError `ABORTED`, `TOPIC_NOT_FOUND`, and the client's errors */
export async function* browse(
  spec: BrowseSpec,
  { signal }: CallOptions,
  parts: BrowseParts,
): AsyncGenerator<IncomingMessage> {
  const { topic, from } = spec;
  const aborted = () => {
    throw abortError(signal, `looking at '${topic}'`);
  };
  if (signal.aborted) aborted();
  const group = typeof from === 'object' && 'group' in from ? from.group : undefined;
  const known = await knownRanges(spec, parts, signal);
  if (known.every(({ start, end }) => start >= end)) return;
  let refused: unknown;
  const partitions = new Map<number, Partition>();
  const ends = new Map<number, number>();
  const reached: { partition: number; offset: number }[] = [];
  const consumer = newConsumer(parts, group ?? `ebus-look-${randomUuid(parts.clock)}`, {
    rebalance: () => {},
    committed: () => {},
    readable: () => {},
    // Said before the messages that are polled with it.
    end: (place) => void reached.push(place),
    error: (error) => {
      if (isLoginRefused(error)) refused = error;
      parts.onError(error);
    },
  });
  consumer.setDefaultConsumeTimeout(POLL_MS);
  try {
    await within(connect(consumer), signal, aborted);
    // Where the group stands, its consumer alone can ask.
    const ranges = group === undefined ? known : await rangesOf(spec, parts.questions, signal, consumer);
    for (const { partition, start, end, topicId } of ranges) {
      const made = new Partition({ topic, partition });
      made.position(topicId, { offset: start, settled: [], isCommitted: false });
      partitions.set(partition, made);
      ends.set(partition, end);
    }
    const left = () =>
      [...partitions.values()].some(({ partition, next }) => next < (ends.get(partition) ?? 0));
    if (!left()) return;
    consumer.assign(
      [...partitions.values()].map(({ partition, next }) => ({ topic, partition, offset: next })),
    );
    while (left()) {
      const batch = await within(poll(consumer, BATCH), signal, aborted);
      if (refused !== undefined) throw new ConnectionError(reasonOf(refused), { cause: refused });
      for (const message of batch) {
        if (message.offset >= (ends.get(message.partition) ?? 0)) continue;
        const delivery = partitions.get(message.partition)?.receive(message);
        if (delivery !== undefined) yield delivery;
        if (signal.aborted) aborted();
      }
      for (const { partition, offset } of reached.splice(0)) partitions.get(partition)?.reachedEnd(offset);
    }
  } catch (cause) {
    throw cannotLook(topic, cause);
  } finally {
    await within(leave(consumer), parts.clock.timeout(LEAVE_MS), () => {}).catch(() => {});
  }
}

/** Asked without a consumer: where there is nothing to see, none is made. */
async function knownRanges(spec: BrowseSpec, { questions }: BrowseParts, signal: AbortSignal) {
  try {
    return await rangesOf(spec, questions, signal, undefined);
  } catch (cause) {
    throw cannotLook(spec.topic, cause);
  }
}

/**
 * Where looking begins, and where the logs end now. A group's position outside of the log says nothing about it.
 *
 * @param consumer of the group, if any
 */
async function rangesOf(
  { topic, from, partition: wanted }: BrowseSpec,
  questions: Questions,
  signal: AbortSignal,
  consumer: NativeConsumer | undefined,
) {
  const { partitions } = await questions.topic(topic, signal);
  const all = partitions
    .filter(({ partition }) => wanted === undefined || partition === wanted)
    .map(({ partition }) => ({ topic, partition }));
  // Before the ends of the logs are asked, which go on.
  const committed =
    consumer === undefined ? new Map<string, Committed>() : await committedOf(consumer, all, signal);
  const [{ logs }, dated] = await Promise.all([
    logsOf(questions, all, signal),
    from instanceof Date ? questions.offsets(all, from, signal) : new Map<string, number>(),
  ]);
  return all.map((one) => {
    const log = logs.get(keyOf(one));
    if (log === undefined)
      throw new ConnectionError(`partition ${one.partition} of '${topic}' cannot be asked`);
    const position = committed.get(keyOf(one))?.offset;
    const isInside = position !== undefined && outsideLog(log, position, undefined) === undefined;
    const at = typeof from === 'object' && 'at' in from ? from.at.get(one.partition) : undefined;
    const said = isInside ? position : (dated.get(keyOf(one)) ?? Number(at ?? log.begin));
    const { topicId, begin, end } = log;
    return { partition: one.partition, topicId, start: Math.max(begin, said), end };
  });
}

function cannotLook(topic: string, cause: unknown): EbusError {
  return EbusError.from(cause, (reason) => {
    const { code, retryable } = classify(cause);
    return new EbusError(`looking at '${topic}' over Kafka failed: ${reason}`, { code, retryable, cause });
  });
}
