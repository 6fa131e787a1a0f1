/** A topic's settings as Kafka writes them, and which of ours it has. Pure. */
import {
  type Compression,
  ConfigError,
  type NewTopicSpec,
  type TopicDescription,
  type TopicSpec,
} from '@ebus/core/driver';
import type { ConfigEntries } from 'kafkajs';

const HOUR_MS = 3_600_000;
/** How long topics that ebus makes keep their messages where that was not written; Kafka knows no other persistence. */
export const RETENTION_MS = { ephemeral: HOUR_MS, persistent: 7 * 24 * HOUR_MS };
/** Kafka's value for "no limit". */
const UNLIMITED = -1;
/** Fields of a topic that Kafka can hold. */
export const SUPPORTED: readonly (keyof TopicSpec)[] = [
  'persistence',
  'retentionMs',
  'maxBytes',
  'replicas',
  'partitions',
  'compression',
  'compressionLevel',
];

/** Levels that the broker accepts. Snappy has none: a level from a preset changes nothing. */
const LEVELS: Readonly<Partial<Record<Compression, readonly [number, number]>>> = {
  gzip: [1, 9],
  lz4: [1, 12],
  zstd: [1, 22],
};

const READ = [
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'compression.type',
  'compression.gzip.level',
  'compression.lz4.level',
  'compression.zstd.level',
  'max.message.bytes',
  'min.insync.replicas',
  'unclean.leader.election.enable',
  'message.timestamp.type',
];

/** @throws ConfigError for a level outside the codec's range */
export function checkLevel(
  topic: string,
  compression: Compression | undefined,
  level: number | undefined,
): void {
  const range = LEVELS[compression ?? 'none'];
  if (level === undefined || range === undefined || (level >= range[0] && level <= range[1])) return;
  const message = `the compression level of ${compression} must be between ${range[0]} and ${range[1]}, got ${level}`;
  throw new ConfigError(`topic '${topic}': ${message}`, {
    problems: [{ path: `topics.${topic}.compressionLevel`, message }],
  });
}

/** A topic's settings from Kafka's configuration entries. Limits that are not set are left out. */
export function settingsOf(present: readonly ConfigEntries[]): Omit<TopicDescription, 'name'> {
  const values = new Map(present.filter(({ configName }) => READ.includes(configName)).map(pair));
  const retention = Number(values.get('retention.ms') ?? -1);
  const bytes = Number(values.get('retention.bytes') ?? -1);
  const largest = Number(values.get('max.message.bytes') ?? 0);
  const compression = compressionOf(present);
  const level = Number(values.get(`compression.${compression}.level`));
  const policy = values.get('cleanup.policy');
  const inSync = Number(values.get('min.insync.replicas') ?? 0);
  const unclean = values.get('unclean.leader.election.enable');
  const clock = values.get('message.timestamp.type');
  return {
    ...(policy === undefined ? {} : { retentionKind: policy.includes('compact') ? 'compaction' : 'limits' }),
    ...(retention >= 0 ? { retentionMs: retention } : {}),
    ...(bytes >= 0 ? { maxBytes: bytes } : {}),
    compression,
    ...(Number.isFinite(level) ? { compressionLevel: level } : {}),
    ...(largest > 0 ? { maxMessageBytes: largest } : {}),
    ...(inSync > 0 ? { minReplicasInSync: inSync } : {}),
    ...(unclean === undefined ? {} : { uncleanElection: unclean === 'true' }),
    ...(clock === undefined ? {} : { timestamps: clock === 'LogAppendTime' ? 'broker' : 'publisher' }),
  };
}

const pair = ({ configName, configValue }: ConfigEntries) => [configName, configValue] as const;

/** `producer`, the broker's default, keeps what producers chose: with ebus, nothing unless configured. */
export function compressionOf(present: readonly ConfigEntries[]): Compression {
  const value = present.find(({ configName }) => configName === 'compression.type')?.configValue;
  return value === 'gzip' || value === 'snappy' || value === 'lz4' || value === 'zstd' ? value : 'none';
}

/** A configuration entry as it is written. */
export interface Setting {
  readonly name: string;
  readonly value: string;
}

/** Whether the broker tells what was written. */
export function isShown(written: readonly Setting[], present: readonly ConfigEntries[]): boolean {
  const values = new Map(present.map(pair));
  return written.every(({ name, value }) => !values.has(name) || values.get(name) === value);
}

/** Kafka's configuration entries of the settings that are given. A limit of 0 is written as -1: none. */
export function entries(spec: Partial<NewTopicSpec>): Setting[] {
  const { retentionMs, maxBytes, compression, compressionLevel: level, maxMessageBytes } = spec;
  const list: [string, string | number][] = [];
  if (maxMessageBytes !== undefined) list.push(['max.message.bytes', maxMessageBytes]);
  if (retentionMs !== undefined) list.push(['retention.ms', retentionMs === 0 ? UNLIMITED : retentionMs]);
  if (maxBytes !== undefined) list.push(['retention.bytes', maxBytes === 0 ? UNLIMITED : maxBytes]);
  if (compression !== undefined) {
    list.push(['compression.type', compression === 'none' ? 'producer' : compression]);
    if (level !== undefined && LEVELS[compression] !== undefined) {
      list.push([`compression.${compression}.level`, level]);
    }
  }
  return list.map(([name, value]) => ({ name, value: String(value) }));
}
