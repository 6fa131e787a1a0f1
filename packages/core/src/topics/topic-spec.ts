/** From topic options as applications write them to the plain settings that drivers take. */
import type { Persistence } from '../driver/message.js';
import type { TopicSpec } from '../driver/topic-admin.js';
import { parseDuration } from '../duration.js';
import { ConfigError, type ConfigProblem } from '../errors.js';
import { parseSize } from '../size.js';
import type { TopicOptions } from './types.js';

/** What a topic gets where nothing was said. */
export const TOPIC_DEFAULTS = {
  persistence: 'auto',
  retention: '7d',
  replicas: 1,
  partitions: 1,
  compression: 'none',
} as const satisfies TopicOptions;

const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const PERSISTENCES = ['persistent', 'ephemeral', 'auto'];

/**
 * Only the fields that were given, in plain units, and the persistence.
 * @throws ConfigError listing every option that is wrong
 */
export function toTopicSpec(
  topic: string,
  options: TopicOptions,
  defaultPersistence: Persistence,
): TopicSpec {
  const problems: ConfigProblem[] = [];
  const check = (field: string, ok: boolean, allowed: string, value: unknown) => {
    if (!ok)
      problems.push({
        path: `topics.${topic}.${field}`,
        message: `must be ${allowed}, got ${String(value)}`,
      });
  };
  const parsed = (field: string, parse: () => number): number | undefined => {
    try {
      return parse();
    } catch (error) {
      problems.push({ path: `topics.${topic}.${field}`, message: (error as Error).message });
      return undefined;
    }
  };
  const {
    persistence = 'auto',
    retention,
    maxSize,
    maxMessages,
    replicas,
    partitions,
    compression,
  } = options;
  const known = new Set(
    Object.keys({ ...TOPIC_DEFAULTS, maxSize, maxMessages, compressionLevel: 0, description: '' }),
  );
  for (const key of Object.keys(options))
    check(key, known.has(key), `one of ${[...known].join(', ')}`, 'an unknown key');
  check('persistence', PERSISTENCES.includes(persistence), PERSISTENCES.join(', '), persistence);
  check('compression', COMPRESSIONS.includes(compression ?? 'none'), COMPRESSIONS.join(', '), compression);
  for (const [field, value] of Object.entries({ maxMessages, replicas, partitions })) {
    check(
      field,
      value === undefined || (Number.isSafeInteger(value) && value > 0),
      'a positive integer',
      value,
    );
  }
  const retentionMs =
    retention === undefined ? undefined : parsed('retention', () => parseDuration(retention));
  const maxBytes = maxSize === undefined ? undefined : parsed('maxSize', () => parseSize(maxSize));
  if (problems.length > 0) {
    const list = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new ConfigError(`the configuration of topic '${topic}' is wrong: ${list}`, { problems });
  }
  const spec = {
    persistence: persistence === 'auto' ? defaultPersistence : persistence,
    retentionMs,
    maxBytes,
    maxMessages,
    replicas,
    partitions,
    compression,
    compressionLevel: options.compressionLevel,
    description: options.description,
  };
  return Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== undefined),
  ) as unknown as TopicSpec;
}
