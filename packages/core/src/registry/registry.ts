/** Which plug-ins a configuration may refer to. */
import { PluginError } from '../errors.js';
import { describeValue } from '../util/describe-value.js';
import { nearest } from '../util/nearest.js';
import { shown } from '../util/shown.js';
import type { ExtensionPlugin, MetricsPlugin, Plugin, TransportPlugin } from './plugin.js';

/** Of this project. */
const PACKAGES: Readonly<Record<Plugin['kind'], readonly string[]>> = {
  transport: ['memory', 'nats', 'kafka'],
  metrics: ['prometheus'],
  extension: ['healthHttp'],
};

function checkPlugin(plugin: unknown): asserts plugin is Plugin {
  const { kind, name, config, create } = (
    typeof plugin === 'object' && plugin !== null ? plugin : {}
  ) as Partial<Plugin>;
  const isPlugin =
    ['transport', 'metrics', 'extension'].includes(kind as string) &&
    typeof name === 'string' &&
    name !== '' &&
    typeof config?.safeParse === 'function' &&
    typeof create === 'function';
  if (isPlugin) return;
  throw new PluginError(
    'a plug-in needs a kind (transport, metrics or extension), a name, a config and create(); ' +
      `use definePlugin, or what a package exports: import { memory } from '@ebus/memory'; got ${describeValue(plugin)}`,
  );
}

/** A set of plug-ins, each under its kind and name. */
export class Registry {
  readonly #plugins = new Map<string, Plugin>();

  /** Begins empty: `new Registry().use(memory)`. */
  constructor(nothing?: undefined) {
    if (nothing === undefined) return;
    throw new PluginError('a Registry takes no plug-ins when it is made: new Registry().use(memory)');
  }

  /**
   * Adds a plug-in. Adding the same one again is harmless.
   * @throws PluginError if another plug-in of its kind has its name
   */
  use(plugin: Plugin): this {
    checkPlugin(plugin);
    const { kind, name } = plugin;
    const key = `${kind}:${name}`;
    const taken = this.#plugins.get(key);
    if (taken !== undefined && taken !== plugin) {
      throw new PluginError(
        `another ${kind} named '${name}' is registered already; use a registry of its own`,
      );
    }
    this.#plugins.set(key, plugin);
    return this;
  }

  transports(): TransportPlugin[] {
    return this.#ofKind('transport') as TransportPlugin[];
  }

  metrics(): MetricsPlugin[] {
    return this.#ofKind('metrics') as MetricsPlugin[];
  }

  extensions(): ExtensionPlugin[] {
    return this.#ofKind('extension') as ExtensionPlugin[];
  }

  /** @throws PluginError naming the package to install and what is registered */
  transport(name: string): TransportPlugin {
    return this.#find('transport', name) as TransportPlugin;
  }

  /** @throws PluginError naming the package to install and what is registered */
  metricsCollector(name: string): MetricsPlugin {
    return this.#find('metrics', name) as MetricsPlugin;
  }

  /** A registry of these plug-ins and the present ones. */
  with(plugins: readonly Plugin[]): Registry {
    if (!Array.isArray(plugins)) {
      throw new PluginError(`registry.with needs a list of plug-ins, got ${describeValue(plugins)}`);
    }
    const joined = new Registry();
    for (const plugin of this.#plugins.values()) joined.use(plugin);
    for (const plugin of plugins) joined.use(plugin);
    return joined;
  }

  #ofKind(kind: Plugin['kind']): Plugin[] {
    return [...this.#plugins.values()].filter((plugin) => plugin.kind === kind);
  }

  #find(kind: Plugin['kind'], name: string): Plugin {
    const plugin = this.#plugins.get(`${kind}:${name}`);
    if (plugin !== undefined) return plugin;
    const registered = this.#ofKind(kind).map((other) => other.name);
    const known = PACKAGES[kind];
    const near = known.includes(name) ? undefined : nearest(name, new Set([...registered, ...known]));
    const remedy =
      near === undefined
        ? `; install @ebus/${name} and pass it in plugins`
        : `, did you mean '${near}'?${registered.includes(near) ? '' : ` Then install @ebus/${near} and pass it in plugins`}`;
    throw new PluginError(
      `no ${kind} named '${shown(name, 60)}' is registered${remedy} ` +
        `(registered: ${registered.length === 0 ? 'none' : registered.join(', ')})`,
    );
  }
}

/** The registry of buses that are given none of their own. Adapters do not register themselves. */
export const defaultRegistry = new Registry();
