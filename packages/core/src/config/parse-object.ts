/** Checks a configuration with its plug-ins. Loads every schema. */
import { defaultRegistry } from '../registry/registry.js';
import { isRecord } from '../util/records.js';
import { type CheckOptions, checkConfig } from './check-config.js';
import type { ParseConfigOptions } from './parse-options.js';
import { fileName, readConfigFile } from './read-file.js';
import type { EventBusConfig } from './types.js';

/** As `loadConfig`, with options that were checked. */
export async function parseFile(file: string | URL, options: ParseConfigOptions): Promise<EventBusConfig> {
  const what = `'${fileName(file)}'`;
  return checkConfig(await readConfigFile(file), { ...checkOf(options), what }).written;
}

/** As `parseConfig`, with options that were checked. */
export function parseObject(config: unknown, options: ParseConfigOptions): EventBusConfig {
  const root = isRecord(config) && Object.hasOwn(config, 'eventbus') ? config.eventbus : config;
  return checkConfig(root, checkOf(options)).written;
}

function checkOf(options: ParseConfigOptions): CheckOptions {
  const { plugins = [], registry = defaultRegistry, environment, env = process.env, overrides } = options;
  return { registry: registry.with(plugins), environment, variables: env, overrides };
}
