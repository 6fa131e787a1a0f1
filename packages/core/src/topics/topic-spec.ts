/**
 * From topic options as applications write them to the plain settings that drivers take. Written options and
 * defaults are never mixed: `readTopicOptions` gives the first, `creationSpec` adds the second, for topics to be made.
 */
import type { Persistence } from '../driver/message.js';
import type { TopicSpec } from '../driver/topic-admin.js';
import { parseDuration } from '../duration.js';
import { ConfigError, type ConfigProblem } from '../errors.js';
import { parseSize } from '../size.js';
import { nearest } from '../util/nearest.js';
import { isOptionsObject } from '../util/options.js';
import type { TopicOptions } from './types.js';

/** Options of a topic that is made, where they were not written. A topic that exists is never compared with them. */
export const TOPIC_DEFAULTS = {
  persistence: 'auto',
  retention: '7d',
  replicas: 1,
  partitions: 1,
  compression: 'none',
} as const satisfies TopicOptions;

/** The levels of each algorithm. Snappy has none: a level given for it is left to the broker. */
export const COMPRESSION_LEVELS: Readonly<
  Partial<Record<string, readonly [lowest: number, highest: number]>>
> = { gzip: [1, 9], lz4: [1, 17], zstd: [1, 22] };

/** Algorithms that a topic may name. */
export const COMPRESSIONS: readonly string[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const PERSISTENCES = ['persistent', 'ephemeral', 'auto'];
const KEYS = [
  'persistence',
  'retention',
  'maxSize',
  'maxMessages',
  'replicas',
  'partitions',
  'compression',
  'compressionLevel',
  'description',
] as const satisfies readonly (keyof TopicOptions)[];

/** Each option under the name that drivers know it by. */
export const OPTION_OF = {
  persistence: 'persistence',
  retentionMs: 'retention',
  maxBytes: 'maxSize',
  maxMessages: 'maxMessages',
  replicas: 'replicas',
  partitions: 'partitions',
  compression: 'compression',
  compressionLevel: 'compressionLevel',
  description: 'description',
} as const satisfies Record<keyof TopicSpec, keyof TopicOptions>;

/**
 * Only the settings that were written, in plain units; `auto` is the persistence that it stands for.
 * @throws ConfigError listing every option that is wrong
 */
export function toTopicSpec(
  topic: string,
  options: TopicOptions,
  defaultPersistence: Persistence,
): Partial<TopicSpec> {
  const problems: ConfigProblem[] = [];
  const spec = readTopicOptions(topic, options, defaultPersistence, problems);
  throwProblems(`the configuration of topic '${topic}' is wrong`, problems);
  return spec;
}

/** The settings of a topic that is to be made: as written, and the defaults for the rest. */
export function creationSpec(
  written: Partial<TopicSpec>,
  persistence: Persistence,
  ofDriver: Partial<TopicSpec> = {},
): TopicSpec {
  const defaults = toTopicSpec('', TOPIC_DEFAULTS, persistence);
  return { ...defaults, ...ofDriver, persistence, ...written };
}

/** Without the options whose value is `undefined`: those were not written. */
export function writtenOptions(options: TopicOptions): TopicOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** @throws ConfigError where there are problems */
export function throwProblems(what: string, problems: readonly ConfigProblem[]): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, 20).map(({ path, message }) => `${path}: ${message}`);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  throw new ConfigError(`${what}: ${shown.join('; ')}`, { problems });
}

/** The same, with the problems added to a list; options with problems are left out of the result. */
export function readTopicOptions(
  topic: string,
  options: TopicOptions,
  defaultPersistence: Persistence,
  problems: ConfigProblem[],
): Partial<TopicSpec> {
  const wrong = (field: string, message: string) =>
    void problems.push({ path: `topics.${topic}.${field}`, message });
  if (!isOptionsObject(options)) {
    problems.push({
      path: `topics.${topic}`,
      message: `must be an object of options, got ${shown(options)}`,
    });
    return {};
  }
  for (const key of Object.keys(options)) {
    if (!(KEYS as readonly string[]).includes(key)) wrong(key, unknown(key));
  }
  const { persistence, retention, maxSize, compression, compressionLevel, description } = options;
  const oneOf = (field: string, value: unknown, allowed: readonly string[]) => {
    if (!allowed.includes(value as string))
      wrong(field, `must be one of ${allowed.join(', ')}, got ${shown(value)}`);
  };
  if (persistence !== undefined) oneOf('persistence', persistence, PERSISTENCES);
  if (compression !== undefined) oneOf('compression', compression, COMPRESSIONS);
  for (const field of ['replicas', 'partitions'] as const) {
    const value = options[field];
    if (value !== undefined && !isCount(value))
      wrong(field, `must be a positive integer, got ${shown(value)}`);
  }
  const maxMessages = limit(options.maxMessages);
  if (maxMessages !== undefined && maxMessages !== 0 && !isCount(maxMessages)) {
    wrong('maxMessages', `must be a positive integer, or 0 for no limit, got ${shown(maxMessages)}`);
  }
  if (description !== undefined && typeof description !== 'string') {
    wrong('description', `must be text, got ${shown(description)}`);
  }
  const levelProblem = compressionLevelProblem(compression, compressionLevel);
  if (levelProblem !== undefined) wrong('compressionLevel', levelProblem);
  const parsed = <T>(field: string, value: T | undefined, parse: (value: T) => number) => {
    if (value === undefined) return undefined;
    try {
      return parse(value);
    } catch (error) {
      // The parser's own message would make text of whatever it was given.
      const readable = typeof value === 'string' || typeof value === 'number';
      wrong(field, readable ? (error as Error).message : `must be a number or text, got ${shown(value)}`);
      return undefined;
    }
  };
  return defined({
    persistence: persistence === 'auto' ? defaultPersistence : persistence,
    retentionMs: parsed('retention', retention, parseDuration),
    maxBytes: parsed('maxSize', limit(maxSize), parseSize),
    maxMessages,
    replicas: options.replicas,
    partitions: options.partitions,
    compression,
    compressionLevel,
    description,
  });
}

/** The problem of a level for an algorithm; undefined where there is none. */
export function compressionLevelProblem(compression: unknown, level: unknown): string | undefined {
  if (level === undefined) return undefined;
  const [lowest, highest] = COMPRESSION_LEVELS[String(compression)] ?? [0, 22];
  if (Number.isSafeInteger(level) && (level as number) >= lowest && (level as number) <= highest)
    return undefined;
  const of = typeof compression === 'string' && compression in COMPRESSION_LEVELS ? `${compression} ` : '';
  return `${of}compression level must be between ${lowest} and ${highest}`;
}

/** -1 is what brokers and configuration files write for "no limit". */
function limit<T>(value: T | undefined): T | 0 | undefined {
  return value === -1 ? 0 : value;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function unknown(key: string): string {
  const near = nearest(key, KEYS);
  return near === undefined
    ? `unknown key; known are ${KEYS.join(', ')}`
    : `unknown key, did you mean '${near}'?`;
}

/** A value as a message can show it; never throws, and never writes out an object. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

function defined(spec: { [Field in keyof TopicSpec]: TopicSpec[Field] | undefined }): Partial<TopicSpec> {
  return Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== undefined),
  ) as Partial<TopicSpec>;
}

/** As written, else the transport's. */
export function persistenceOf(
  { persistence = 'auto' }: TopicOptions,
  driver: { readonly defaultPersistence: Persistence },
): Persistence {
  return persistence === 'auto' ? driver.defaultPersistence : persistence;
}
