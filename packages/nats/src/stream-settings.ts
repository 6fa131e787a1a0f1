/**
 * Settings of streams: the written ones in the terms of the server, the defaults for streams that are made, and the
 * changes to a stream that exists. Pure.
 */
import type { SettingChange, SettingKind, TopicSpec } from '@ebus/core/driver';
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { type ResolvedNatsConfig, STREAM_DEFAULTS } from './config-schema.js';
import { partitionedStream } from './partitions/layout.js';

type WrittenSettings = ResolvedNatsConfig['jetstream']['stream'];
type NamedStream = Pick<StreamConfig, 'name' | 'subjects'>;
/** Some settings of a stream. Settings that it leaves out are not changed. */
export type StreamDraft = Partial<StreamConfig> & NamedStream;

const NANOS = 1_000_000;
/** In streams, of bytes and messages. */
const NO_LIMIT = -1;

/** The server's settings under the names of the configuration. */
const NAMED: readonly (readonly [key: keyof StreamConfig, field: string, kind?: SettingKind])[] = [
  ['subjects', 'subjects'],
  ['storage', 'storage'],
  ['max_age', 'maxAge', 'duration'],
  ['max_bytes', 'maxBytes', 'size'],
  ['max_msgs', 'maxMsgs', 'limit'],
  ['num_replicas', 'replicas'],
  ['discard', 'discard'],
];
/** The server refuses to change these. */
const FIXED: ReadonlySet<keyof StreamConfig> = new Set(['storage']);

/** The configured stream with its written settings, without defaults; undefined where none is configured. */
export function writtenStream(stream: WrittenSettings): StreamDraft | undefined {
  const { name, subjects } = stream;
  return name === undefined || subjects === undefined
    ? undefined
    : { name, subjects: [...subjects], ...serverSettings(stream) };
}

/** The same stream with the defaults for the rest: as it is made where it is missing. */
export function newStream(named: StreamDraft): StreamDraft {
  return { retention: RetentionPolicy.Limits, ...serverSettings(STREAM_DEFAULTS), ...named };
}

/** A topic's own stream. What neither the topic's settings nor the configuration say is the server's affair. */
export function topicStream(
  name: string,
  topic: string,
  spec: Partial<TopicSpec>,
  { storage, discard, replicas }: WrittenSettings,
): StreamDraft {
  const common = serverSettings({ storage, discard, replicas });
  const { partitions = 1 } = spec;
  return {
    retention: RetentionPolicy.Limits,
    ...common,
    name,
    subjects: [topic],
    ...topicSettings(spec),
    ...(partitions > 1 ? partitionedStream(topic, partitions) : {}),
  };
}

/** A topic's settings in the terms of the server. */
export function topicSettings(spec: Partial<TopicSpec>): Partial<StreamConfig> {
  const { retentionMs, maxBytes, maxMessages, replicas, description } = spec;
  return defined({
    // Whole nanoseconds; 0 is no limit for the server as well.
    max_age: retentionMs === undefined ? undefined : Math.round(retentionMs * NANOS),
    max_bytes: maxBytes === undefined ? undefined : maxBytes > 0 ? maxBytes : NO_LIMIT,
    max_msgs: maxMessages === undefined ? undefined : maxMessages > 0 ? maxMessages : NO_LIMIT,
    num_replicas: replicas,
    description,
  });
}

interface StreamDifferences {
  /** The request for the server. */
  readonly changes: Partial<StreamConfig>;
  /** The same, to be told. */
  readonly changed: readonly SettingChange[];
  /** Further differences, which cannot be changed. */
  readonly fixed: readonly SettingChange[];
}

/** Compares only written settings. Further subjects of the stream stay: others may use them. */
export function differences(written: StreamDraft, actual: StreamConfig): StreamDifferences {
  const missing = written.subjects.filter((subject) => !actual.subjects.includes(subject));
  const wanted: Partial<StreamConfig> = { ...written, subjects: [...actual.subjects, ...missing] };
  const changes: Record<string, unknown> = {};
  const changed: SettingChange[] = [];
  const fixed: SettingChange[] = [];
  for (const [key, field, kind = 'plain'] of NAMED) {
    const to = wanted[key];
    if (to === undefined || isSame(to, actual[key])) continue;
    const shown = (value: unknown) => (kind === 'duration' ? Number(value) / NANOS : value);
    const change = { field, from: shown(actual[key]), to: shown(to), kind };
    if (FIXED.has(key)) fixed.push(change);
    else {
      changes[key] = to;
      changed.push(change);
    }
  }
  return { changes: changes as Partial<StreamConfig>, changed, fixed };
}

/** The settings of a new stream, for the log. */
export function describeDraft(draft: StreamDraft): Omit<SettingChange, 'from'>[] {
  return NAMED.filter(([key]) => draft[key] !== undefined).map(([key, field, kind = 'plain']) => {
    const value: unknown = draft[key];
    return { field, to: kind === 'duration' ? Number(value) / NANOS : value, kind };
  });
}

type Settings = Pick<WrittenSettings, 'storage' | 'discard' | 'replicas'> &
  Partial<Pick<WrittenSettings, 'maxAge' | 'maxBytes' | 'maxMsgs'>>;

function serverSettings({ storage, discard, replicas, maxAge, maxBytes, maxMsgs }: Settings) {
  return defined({
    storage: storage === undefined ? undefined : storage === 'memory' ? StorageType.Memory : StorageType.File,
    discard: discard === undefined ? undefined : discard === 'new' ? DiscardPolicy.New : DiscardPolicy.Old,
    num_replicas: replicas,
    max_age: maxAge === undefined ? undefined : maxAge * NANOS,
    // 0 would be refused, or mean the server's default.
    max_bytes: maxBytes === 0 ? NO_LIMIT : maxBytes,
    max_msgs: maxMsgs,
  });
}

function isSame(wanted: unknown, actual: unknown): boolean {
  return JSON.stringify(wanted) === JSON.stringify(actual);
}

function defined(
  settings: {
    [Key in keyof StreamConfig]?: StreamConfig[Key] | undefined;
  },
): Partial<StreamConfig> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Partial<StreamConfig>;
}
