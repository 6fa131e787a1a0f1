/**
 * Probes: the messages by which services on one broker show that it works. Their JSON is that of jxt-core, whose
 * services read and write the same topic.
 */
import type { Clock } from '../clock.js';
import { parseTimestamp } from '../envelope/rfc3339.js';
import { isRecord } from '../util/records.js';
import { shown } from '../util/shown.js';
import type { ProbeRejection } from './types.js';

/** What jxt-core calls its version; its readers insist on one. */
const PROBE_VERSION = '2.0.0';
/** How far another machine's clock may be ahead. */
const MAX_FUTURE_MS = 60_000;

/** Probes are shorter; a longer message is not parsed. In UTF-16 units. */
const MAX_PROBE_LENGTH = 16_384;
/** The longest name of a service that a probe may say. */
const MAX_SOURCE_LENGTH = 256;
/** As every sender writes them. */
const MESSAGE_ID = /^hc-\d{1,20}-[0-9a-f]{16}$/;

/** Where probes go unless configured otherwise; jxt-core's name for it. */
export function defaultProbeTopic(type: string): string {
  return `jxt-core-${type}-health-check`;
}

/** A probe as it travels: the JSON of jxt-core. */
export interface Probe {
  /** `hc-<unix nanoseconds>-<16 hex digits>`. */
  readonly messageId: string;
  readonly timestamp: Date;
  /** The service that sent it. */
  readonly source: string;
  readonly eventBusType: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** `<service>-<unix seconds>`: tells one start of a service from another. */
export function instanceIdOf(source: string, startedAt: number): string {
  return `${source}-${Math.floor(startedAt / 1_000)}`;
}

/** A new probe with an id of its own. */
export function createProbe(
  source: string,
  eventBusType: string,
  instanceId: string,
  clock: Pick<Clock, 'now' | 'randomBytes'>,
): Probe {
  const now = clock.now();
  return {
    messageId: `hc-${BigInt(Math.floor(now)) * 1_000_000n}-${Buffer.from(clock.randomBytes(8)).toString('hex')}`,
    timestamp: new Date(now),
    source,
    eventBusType,
    version: PROBE_VERSION,
    metadata: { checkType: 'periodic', instanceId },
  };
}

/** A probe as JSON text. */
export function encodeProbe(probe: Probe): string {
  return JSON.stringify(probe);
}

/** A probe that was read, or the reason why it does not count. */
export type ReadProbe =
  | { readonly probe: Probe; readonly rejection?: undefined }
  | { readonly rejection: ProbeRejection; readonly detail: string };

/**
 * Reads a probe of a bus of this type, or says why it does not count. `maxAge` in milliseconds. Probes are not signed: who
 * may publish to the topic can write any.
 */
export function readProbe(text: string, eventBusType: string, now: number, maxAge: number): ReadProbe {
  if (text.length > MAX_PROBE_LENGTH) return malformed(`it has ${text.length} characters`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return malformed('it is not JSON');
  }
  if (!isRecord(data)) return malformed('it is not a JSON object');
  for (const field of ['messageId', 'timestamp', 'source', 'eventBusType', 'version']) {
    const value = data[field];
    if (typeof value !== 'string' || value === '') {
      return malformed(`${field} is required`);
    }
  }
  if (!MESSAGE_ID.test(data.messageId as string)) return malformed('messageId is not that of a probe');
  if ((data.source as string).length > MAX_SOURCE_LENGTH) return malformed('source is too long');
  const time = parseTimestamp(data.timestamp as string);
  if (Number.isNaN(time)) return malformed('timestamp is not RFC 3339');
  const timestamp = new Date(time);
  const probe = { ...(data as unknown as Probe), timestamp, metadata: textsOf(data.metadata) };
  if (probe.eventBusType !== eventBusType) {
    return { rejection: 'foreign', detail: `it is of a bus of type '${shown(probe.eventBusType, 60)}'` };
  }
  const age = now - time;
  if (age > maxAge) return { rejection: 'expired', detail: `it is ${age} ms old, and ${maxAge} are allowed` };
  if (age < -MAX_FUTURE_MS) return { rejection: 'future', detail: `it is ${-age} ms ahead of this clock` };
  return { probe };
}

function malformed(detail: string): ReadProbe {
  return { rejection: 'malformed', detail };
}

function textsOf(metadata: unknown): Record<string, string> {
  if (!isRecord(metadata)) return {};
  return Object.fromEntries(
    Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
