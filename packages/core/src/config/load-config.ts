/**
 * Configurations from files and objects, ready for `createEventBus`. The schemas, and zod with them, are loaded where one is
 * checked: importing ebus loads neither.
 */
import * as kinds from '../util/option-kinds.js';
import { checkArgument, checkOptions } from '../util/options.js';
import { PARSE_OPTIONS, type ParseConfigOptions } from './parse-options.js';
import type { EventBusConfig } from './types.js';

export type { ParseConfigOptions } from './parse-options.js';

/**
 * Reads a YAML or JSON file, UTF-8 and at most 4 MiB: the configuration is under its top-level key `eventbus`, or is the
 * whole file. Otherwise like `parseConfig`.
 * @throws ConfigError also for a file that cannot be read
 */
export async function loadConfig(
  file: string | URL,
  options: ParseConfigOptions = {},
): Promise<EventBusConfig> {
  checkOptions('loadConfig', options, PARSE_OPTIONS);
  checkArgument('loadConfig(file): file', file, FILE);
  const { parseFile } = await import('./parse-object.js');
  return parseFile(file, options);
}

/**
 * Checks a configuration that comes from elsewhere, and returns it as `createEventBus` takes it: variables expanded,
 * one environment applied, other names replaced. Defaults are not filled in. The object itself is not changed.
 * @throws ConfigError listing every problem with its path, the value found and the allowed values
 * @throws PluginError for a `type` that no registered plug-in has
 */
export async function parseConfig(
  config: unknown,
  options: ParseConfigOptions = {},
): Promise<EventBusConfig> {
  checkOptions('parseConfig', options, PARSE_OPTIONS);
  const { parseObject } = await import('./parse-object.js');
  return parseObject(config, options);
}

const FILE = kinds.required(
  kinds.kind(
    'the path of a file',
    (value) => (typeof value === 'string' && value !== '') || value instanceof URL,
  ),
);
