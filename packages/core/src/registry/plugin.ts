/** Plug-ins: what brings a transport, a metrics collector or an extension into a bus. */
import type { z } from 'zod';
import type { Clock } from '../clock.js';
import type { Driver } from '../driver/driver.js';
import { nativeOf } from '../driver/native.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import * as kinds from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';

/** A plug-in's context besides its own part of the configuration. */
export interface PluginContext {
  readonly serviceName: string;
  readonly environment: string | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface PluginBase<Name extends string, Config> {
  readonly name: Name;
  /** Validates the plug-in's own part of the configuration, found under its name. Applied to `{}` if absent. */
  readonly config: z.ZodType<Config>;
}

/** A transport: `type: '<name>'` selects it. */
export interface TransportPlugin<Name extends string = string, Config = unknown, Native = unknown>
  extends PluginBase<Name, Config> {
  readonly kind: 'transport';
  create(config: Config, context: PluginContext): Driver<Native> | Promise<Driver<Native>>;
  /** The client objects behind a bus of this transport. @throws PluginError if the bus is of another type */
  native(bus: object): Native;
}

/** A metrics collector: `metrics: { type: '<name>' }` selects it. */
export interface MetricsPlugin<Name extends string = string, Config = unknown>
  extends PluginBase<Name, Config> {
  readonly kind: 'metrics';
  create(config: Config, context: PluginContext): MetricsCollector;
}

/** An extension of a bus; every method is optional. */
export interface Extension {
  start?(): void | Promise<void>;
  stop?(): void | Promise<void>;
  /** Called when closing begins, before the handlers drain. */
  closing?(): void | Promise<void>;
  /** Called once the bus has disconnected. */
  close?(): void | Promise<void>;
}

/** An extension: created for each bus whose configuration has a key with its name. */
export interface ExtensionPlugin<Name extends string = string, Config = unknown>
  extends PluginBase<Name, Config> {
  readonly kind: 'extension';
  create(bus: object, config: Config, context: PluginContext): Extension | Promise<Extension>;
}

/** A plug-in of any kind. `create` is a method, so that plug-ins of every configuration type fit. */
export type Plugin = TransportPlugin | MetricsPlugin | ExtensionPlugin;

/** A plug-in may have members of its own. All of these are required, so that a misspelt one is missed. */
const PLUGIN = optionTable<Omit<Plugin, 'native'>>(
  {
    kind: kinds.required(kinds.oneOf('transport', 'metrics', 'extension')),
    name: kinds.required(kinds.filledText),
    config: kinds.required(kinds.withMethods('a schema of zod', 'safeParse')),
    create: kinds.required(kinds.func),
  },
  {},
  { others: 'any' },
);

/** Defines a plug-in with its types inferred; gives a transport its `native` accessor. */
export function definePlugin<const Name extends string, Config, Native>(
  plugin: Omit<TransportPlugin<Name, Config, Native>, 'native'>,
): TransportPlugin<Name, Config, Native>;
export function definePlugin<const Name extends string, Config>(
  plugin: MetricsPlugin<Name, Config>,
): MetricsPlugin<Name, Config>;
export function definePlugin<const Name extends string, Config>(
  plugin: ExtensionPlugin<Name, Config>,
): ExtensionPlugin<Name, Config>;
export function definePlugin(
  plugin: Omit<TransportPlugin, 'native'> | MetricsPlugin | ExtensionPlugin,
): Plugin {
  checkOptions('definePlugin', plugin ?? null, PLUGIN);
  if (plugin.kind !== 'transport') return plugin;
  return { ...plugin, native: (bus: object) => nativeOf(bus, plugin.name) };
}
