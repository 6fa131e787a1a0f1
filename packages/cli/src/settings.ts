/** The configuration of the service, as the command reads and uses it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type EventBusConfig, loadConfig, type Plugin, PluginError, type TopicOptions } from '@ebus/core';
import { installedPlugins, namedPlugins, packageOf } from './adapters.js';
import { CliError } from './errors.js';
import type { Io } from './io/io.js';

/** Looked for, in this order, where neither `--config` nor `EBUS_CONFIG` names a file. */
export const FILES = ['ebus.yaml', 'ebus.yml', 'ebus.json', 'eventbus.yaml', 'eventbus.yml', 'eventbus.json'];

/** Options of every command. */
export interface GlobalOptions {
  readonly config?: string;
  readonly environment?: string;
  readonly plugin?: readonly string[];
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** A configuration that was read, with the plug-ins that it may name. */
export interface Settings {
  readonly file: string;
  readonly config: EventBusConfig;
  readonly plugins: readonly Plugin[];
  /** The topics that it configures. */
  readonly topics: Readonly<Record<string, TopicOptions>>;
}

/** @throws CliError where there is no file, or an adapter is missing; ConfigError listing every problem */
export async function readSettings(io: Io, options: GlobalOptions): Promise<Settings> {
  const file = fileOf(io, options);
  const plugins = await pluginsOf(io, options);
  const { environment } = options;
  try {
    const config = await loadConfig(file, {
      plugins,
      env: io.env,
      ...(environment === undefined ? {} : { environment }),
    });
    if (environment !== undefined && !(await hasEnvironments(file, plugins, io))) {
      // Else a service of another environment would be looked at, and changed.
      throw new CliError(`--environment ${environment}: '${file}' has no environments`);
    }
    return { file, config, plugins, topics: (config.topics ?? {}) as Record<string, TopicOptions> };
  } catch (error) {
    throw missingPlugin(error) ?? error;
  }
}

/** The library takes a name without any environments for a label. With some, a name of none is refused. */
async function hasEnvironments(file: string, plugins: readonly Plugin[], { env }: Io): Promise<boolean> {
  const environment = '(none of them)';
  return loadConfig(file, { plugins, env, environment }).then(
    () => false,
    () => true,
  );
}

/** @throws CliError for a named one that is not there */
export async function pluginsOf({ cwd }: Io, { plugin = [] }: GlobalOptions): Promise<Plugin[]> {
  const named = await Promise.all(plugin.map((module) => namedPlugins(cwd, module)));
  return [...(await installedPlugins(cwd)), ...named.flat()];
}

function fileOf({ cwd, env }: Io, { config }: GlobalOptions): string {
  const named = config ?? env.EBUS_CONFIG;
  if (named !== undefined && named !== '') return resolve(cwd, named);
  const found = FILES.map((file) => resolve(cwd, file)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new CliError(
    `there is no configuration: give --config <file> or EBUS_CONFIG, or have one of ${FILES.join(', ')} in ${cwd}`,
  );
}

/** The error of core names the package and speaks to programmers. */
function missingPlugin(error: unknown): CliError | undefined {
  if (!PluginError.isInstance(error)) return undefined;
  const [, type] = /named '([^']+)'/.exec(error.message) ?? [];
  const name = type === undefined ? undefined : packageOf(type);
  if (name === undefined) return new CliError(`${error.message}; name its module with --plugin`);
  return new CliError(
    `the configuration has type '${type}', and ${name} is not installed: npm install ${name}`,
  );
}

/**
 * The same configuration for looking: nothing is started, measured, served or changed on the broker. Topics keep their
 * persistence, so that they are looked for where they are.
 */
export function forLooking(config: EventBusConfig): EventBusConfig {
  const {
    healthCheck: _,
    metrics: __,
    healthHttp: ___,
    ...rest
  } = config as unknown as Record<string, unknown>;
  const { nats } = rest as { nats?: { jetstream?: object } };
  return {
    ...rest,
    topicConfigStrategy: 'skip',
    ...(nats === undefined
      ? {}
      : { nats: { ...nats, jetstream: { ...nats.jetstream, topicConfigStrategy: 'skip' } } }),
  } as unknown as EventBusConfig;
}
