/** Looks at a topic from somewhere on, once up to its end or on and on, without taking anything. */
import type { Clock } from '../clock.js';
import { classOf } from '../driver/classified.js';
import type { BrowseSpec, Driver } from '../driver/driver.js';
import type { IncomingMessage, OffsetValue } from '../driver/message.js';
import { compareOffsets } from '../driver/offsets.js';
import type { LogEnds } from '../driver/topic-figures.js';
import { abortError, EbusError, UnsupportedError } from '../errors.js';
import { keyText } from '../pipeline/message.js';
import { pause } from '../util/waiting.js';
import type { LookFrom, LookOptions } from './types.js';

/** Between two looks for further messages, where there were none. */
const AGAIN_MS = 500;

/** What looking needs. */
export interface LookParts {
  readonly driver: Pick<Driver, 'admin' | 'classify' | 'system'> & Required<Pick<Driver, 'browse'>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

type At = Map<number, OffsetValue>;

/**
 * With `follow` it ends by its limit or its signal alone; once it waits for further messages, also while the broker is away.
 * @throws EbusError `TOPIC_NOT_FOUND`, `ABORTED`, and the driver's errors
 */
export async function* look(
  topic: string,
  from: LookFrom,
  options: Pick<LookOptions, 'partition' | 'key' | 'limit'> & { readonly follow: boolean },
  { driver, clock, signal }: LookParts,
): AsyncGenerator<IncomingMessage, undefined> {
  const { follow, key, limit = Number.POSITIVE_INFINITY } = options;
  const ends = await endsOf(topic, needsEnds(from, follow), driver, signal);
  // Asked before the first look: what a look does not show of a partition was there before, or comes later.
  const next: At = new Map(ends.map((log) => [log.partition, log.next]));
  const partition = typeof from === 'object' && 'offset' in from ? from.partition : options.partition;
  let start = startOf(from, ends);
  let left = limit;
  for (let isFirst = true; ; isFirst = false) {
    const spec: BrowseSpec = { topic, from: start, ...(partition === undefined ? {} : { partition }) };
    let came = false;
    try {
      for await (const incoming of driver.browse(spec, { signal })) {
        if (wasSeen(incoming, start)) continue;
        came = true;
        passed(next, incoming);
        if (key !== undefined && keyText(incoming.key) !== key) continue;
        yield incoming;
        if (--left <= 0) return;
      }
    } catch (error) {
      // In the first look it is not known how far each partition was read.
      if (isFirst || signal.aborted || !classOf(driver, error).retryable) throw error;
      came = false;
    }
    if (!follow) return;
    start = { at: new Map(next) };
    if (!came) await pause(clock, AGAIN_MS, signal);
    if (signal.aborted) throw abortError(signal, `looking at '${topic}'`);
  }
}

/** Whether it is from the end, or goes on from there. */
const needsEnds = (from: LookFrom, follow: boolean) =>
  follow || from === 'latest' || (typeof from === 'object' && 'last' in from);

async function endsOf(
  topic: string,
  areNeeded: boolean,
  { admin, system }: LookParts['driver'],
  signal: AbortSignal,
): Promise<readonly LogEnds[]> {
  if (admin?.listTopics === undefined) {
    if (!areNeeded) return [];
    throw new UnsupportedError(
      `${system} does not tell where '${topic}' ends (capability 'inspect'); browse it from 'earliest', a date, a position or a group`,
    );
  }
  const [figures] = await admin.listTopics([topic], { signal });
  if (figures !== undefined) return figures.logs;
  throw new EbusError(`there is no topic '${topic}' on the broker`, { code: 'TOPIC_NOT_FOUND' });
}

/** Pure. */
export function startOf(from: LookFrom, ends: readonly LogEnds[]): BrowseSpec['from'] {
  if (from === 'earliest' || from instanceof Date) return from;
  if (from === 'latest') return { at: new Map(ends.map(({ partition, next }) => [partition, next])) };
  if ('group' in from) return { group: from.group };
  if ('offset' in from) return { at: new Map([[from.partition ?? 0, from.offset]]) };
  return { at: new Map(ends.map((log) => [log.partition, before(log, from.last)])) };
}

/** Texts do not count: then all are shown. */
function before({ first, next }: LogEnds, last: number): OffsetValue {
  const wanted =
    typeof next === 'bigint' ? next - BigInt(last) : typeof next === 'number' ? next - last : first;
  return compareOffsets(wanted, first) > 0 ? wanted : first;
}

/** The place after a message; of a text itself, which has none. */
function passed(next: At, { position }: IncomingMessage): void {
  if (position === undefined) return;
  const { partition = 0, offset } = position;
  const after = typeof offset === 'number' ? offset + 1 : typeof offset === 'bigint' ? offset + 1n : offset;
  const so = next.get(partition);
  if (so === undefined || compareOffsets(so, after) < 0) next.set(partition, after);
}

function wasSeen({ position }: IncomingMessage, start: BrowseSpec['from']): boolean {
  if (typeof position?.offset !== 'string' || typeof start !== 'object' || !('at' in start)) return false;
  return start.at.get(position.partition ?? 0) === position.offset;
}
