/** Reads a topics file: by itself, or as part of a configuration file. */
import type { Registry } from '../registry/registry.js';
import type { TopicOptions } from '../topics/types.js';
import { isRecord } from '../util/records.js';
import { checkTopicsOf } from './check-config.js';
import { readConfigFile } from './read-file.js';

/** Plug-ins and environment of a topics file. */
export interface ReadTopicsOptions {
  readonly registry: Registry;
  /** Whose part of the file's `environments` applies. */
  readonly environment: string | undefined;
}

/**
 * The topics of a file, by name: its `eventbus.topics`, its `topics`, or the file itself; read and checked as
 * `loadConfig` does, variables and `environments` included.
 * @throws ConfigError listing all problems of them
 */
export async function readTopics(
  file: string,
  { registry, environment }: ReadTopicsOptions,
): Promise<Record<string, TopicOptions>> {
  const content = await readConfigFile(file);
  const isConfig = isRecord(content) && ['topics', 'environments'].some((key) => Object.hasOwn(content, key));
  return checkTopicsOf(isConfig ? content : { topics: content }, {
    registry,
    environment,
    variables: process.env,
    what: `'${file}'`,
  });
}
