/** Reads a topics file: YAML or JSON, by itself or as part of a configuration file. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { ConfigError } from '../errors.js';
import type { TopicOptions } from '../topics/types.js';

/** What configuration files in use call some options. */
const OTHER_NAMES: Readonly<Record<string, keyof TopicOptions>> = {
  persistenceMode: 'persistence',
  retentionTime: 'retention',
};

/**
 * The topics of a file, by name: its `eventbus.topics`, its `topics`, or the file itself; as an object by name, or as a
 * list of options with a `name`. Options are checked when they are applied.
 * @throws ConfigError saying what is wrong with the file
 */
export async function readTopicsFile(file: string): Promise<Record<string, TopicOptions>> {
  let content: unknown;
  try {
    // JSON is YAML.
    content = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`cannot read the topics file '${file}': ${(cause as Error).message}`, { cause });
  }
  const bus = isObject(content) && isObject(content.eventbus) ? content.eventbus : content;
  const topics = isObject(bus) && 'topics' in bus ? bus.topics : bus;
  if (Array.isArray(topics))
    return Object.fromEntries(topics.map((topic, index) => named(file, topic, index)));
  if (isObject(topics)) {
    return Object.fromEntries(Object.entries(topics).map(([name, options]) => [name, renamed(options)]));
  }
  const what = topics === null || topics === undefined ? 'is empty' : 'is no object';
  throw new ConfigError(
    `the topics file '${file}' ${what}; write options by topic name, or a list with names`,
  );
}

function named(file: string, topic: unknown, index: number): [string, TopicOptions] {
  if (isObject(topic) && typeof topic.name === 'string') {
    const { name, ...options } = topic;
    return [name, renamed(options)];
  }
  throw new ConfigError(`the topics file '${file}' is a list, and its entry ${index + 1} has no name`);
}

/** A topic without options has the defaults. */
function renamed(options: unknown): TopicOptions {
  if (options === null) return {};
  if (!isObject(options)) return options as TopicOptions;
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [OTHER_NAMES[key] ?? key, value]),
  ) as TopicOptions;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
