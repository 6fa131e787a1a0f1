/** Configurations from files and objects, ready for `createEventBus`. */
import type { Plugin } from '../registry/plugin.js';
import { defaultRegistry, type Registry } from '../registry/registry.js';
import { REGISTRY_OPTIONS } from '../registry/registry-options.js';
import * as kinds from '../util/option-kinds.js';
import { checkArgument, checkOptions, optionTable } from '../util/options.js';
import { isRecord } from '../util/records.js';
import { type CheckOptions, checkConfig } from './check-config.js';
import { fileName, readConfigFile } from './read-file.js';
import type { ConfigOverrides, EventBusConfig } from './types.js';

/** Plug-ins, environment and variables of a configuration. */
export interface ParseConfigOptions {
  /** Added to the registry. They bring the transport that `type` names, and check their sections. */
  plugins?: readonly Plugin[];
  /** Default: the process-wide `defaultRegistry`. */
  registry?: Registry;
  /** Which of `environments` to apply. Default: what `environment` in the overrides or the configuration says. */
  environment?: string;
  /** Values of `${VAR}`. Default: `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Merged over the configuration and its environment; variables in it are not expanded. */
  overrides?: ConfigOverrides;
}

const OPTIONS = optionTable<ParseConfigOptions>(
  {
    ...REGISTRY_OPTIONS,
    environment: kinds.filledText,
    env: kinds.kind('an object of texts by name', isObject),
    overrides: kinds.kind('a part of a configuration', isObject),
  },
  { variables: "use 'env' instead" },
);

/**
 * Reads a YAML or JSON file, UTF-8 and at most 4 MiB: the configuration is under its top-level key `eventbus`, or is the
 * whole file. Otherwise like `parseConfig`.
 * @throws ConfigError also for a file that cannot be read
 */
export async function loadConfig(
  file: string | URL,
  options: ParseConfigOptions = {},
): Promise<EventBusConfig> {
  const check = checked('loadConfig', options);
  checkArgument('loadConfig(file): file', file, FILE);
  return checkConfig(await readConfigFile(file), { ...check, what: `'${fileName(file)}'` }).written;
}

/**
 * Checks a configuration that comes from elsewhere, and returns it as `createEventBus` takes it: variables expanded,
 * one environment applied, other names replaced. Defaults are not filled in. The object itself is not changed.
 * @throws ConfigError listing every problem with its path, the value found and the allowed values
 * @throws PluginError for a `type` that no registered plug-in has
 */
export function parseConfig(config: unknown, options: ParseConfigOptions = {}): EventBusConfig {
  const check = checked('parseConfig', options);
  const root = isRecord(config) && Object.hasOwn(config, 'eventbus') ? config.eventbus : config;
  return checkConfig(root, check).written;
}

const FILE = kinds.required(
  kinds.kind(
    'the path of a file',
    (value) => (typeof value === 'string' && value !== '') || value instanceof URL,
  ),
);

function checked(caller: string, options: ParseConfigOptions): CheckOptions {
  checkOptions(caller, options, OPTIONS);
  const { plugins = [], registry = defaultRegistry, environment, env = process.env, overrides } = options;
  return { registry: registry.with(plugins), environment, variables: env, overrides };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
