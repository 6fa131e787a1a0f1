/** The one path from a configuration as it is written to one that is checked: for objects and for files. */
import type { z } from 'zod';
import { ConfigError } from '../errors.js';
import type { TransportPlugin } from '../registry/plugin.js';
import type { Registry } from '../registry/registry.js';
import { toTopicSpec } from '../topics/topic-spec.js';
import type { TopicOptions } from '../topics/types.js';
import { isRecord } from '../util/records.js';
import { withoutAliases } from './aliases.js';
import { configSchema } from './config-schema.js';
import { mergedSections, type Overlay, overlaysOf, selected } from './environments.js';
import { type Variables, VariableValue } from './expand.js';
import { sayIssue, sayUnknownKey } from './messages.js';
import { checkMetricsPart } from './metrics-part.js';
import { rootRemedy } from './other-names.js';
import { dottedPath, Problems } from './problems.js';
import type { ResolvedConfig } from './schema.js';
import { schemaAt } from './shape.js';
import { copyTree, mergeTrees, type Path, pathKey, replaceAt, settleVariables, valueAt } from './tree.js';
import type { EventBusConfig } from './types.js';

/** Plug-ins, environment and place of a configuration. */
export interface CheckOptions {
  readonly registry: Registry;
  /** Which of `environments` to apply. Default: what `environment` says in the overrides or the configuration. */
  readonly environment?: string | undefined;
  /** Merged over all other sources. */
  readonly overrides?: unknown;
  /** Values of `${VAR}`; without, strings are left as they are. */
  readonly variables?: Variables | undefined;
  /** The subject for the error: `the configuration`, or the name of a file. */
  readonly what?: string | undefined;
}

/** A valid configuration with every default filled in, and its transport. */
export interface CheckedConfig {
  readonly plugin: TransportPlugin;
  /** As it is written, in its plain form: one environment, no variables, no other names. */
  readonly written: EventBusConfig;
  /** With every default. */
  readonly resolved: ResolvedConfig;
}

/**
 * @throws ConfigError listing every problem with its path
 * @throws PluginError for a `type` that no registered plug-in has
 */
export function checkConfig(config: unknown, options: CheckOptions): CheckedConfig {
  const { registry, what = 'the configuration' } = options;
  const problems = new Problems();
  const loose = configSchema(registry);
  const { base, overlays, overlay, merged } = mergedConfig(config, options, loose, problems);

  // Without its plug-ins nothing else can be said of it.
  if (Object.hasOwn(merged, 'plugins')) {
    problems.add(['plugins'], rootRemedy('plugins', []) as string);
    throw problems.error(what);
  }
  const type = textOf(merged.type);
  const plugin = typeof type === 'string' && type !== '' ? registry.transport(type) : undefined;
  if (plugin === undefined && !problems.paths.has('type')) {
    problems.add(
      ['type'],
      "the configuration needs a 'type' that names a transport, such as { type: 'memory' }",
    );
  }
  const checker = { registry, problems };
  for (const other of overlays) {
    if (other !== overlay) check(mergedSections(base, other), loose, { ...checker, only: other });
  }
  const schema = plugin === undefined ? loose : configSchema(registry, plugin.name);
  const { tree, data } = check(merged, schema, { ...checker, overlay });
  if (data !== undefined) {
    checkTopics(data.topics as Record<string, TopicOptions>, problems);
    checkMetricsPart(data.metrics as ResolvedConfig['metrics'], registry, problems);
  }
  if (problems.any || plugin === undefined || data === undefined) throw problems.error(what);
  return {
    plugin,
    written: tree as unknown as EventBusConfig,
    resolved: resolvedConfig(data, plugin.name, registry),
  };
}

/**
 * The topics of a configuration, as they are written; what else it has is not checked.
 * @throws ConfigError listing every problem with its path
 */
export function checkTopicsOf(config: unknown, options: CheckOptions): Record<string, TopicOptions> {
  const { registry, what = 'the configuration' } = options;
  const problems = new Problems();
  const loose = configSchema(registry);
  const { overlay, merged } = mergedConfig(config, options, loose, problems);
  const { tree, data } = check({ topics: merged.topics }, loose, { registry, problems, overlay });
  if (data !== undefined) checkTopics(data.topics as Record<string, TopicOptions>, problems);
  if (problems.any) throw problems.error(what);
  return ((tree as { topics?: Record<string, TopicOptions> }).topics ?? {}) as Record<string, TopicOptions>;
}

/** In its plain form, with the selected environment and the overrides merged over it. */
function mergedConfig(config: unknown, options: CheckOptions, loose: z.ZodType, problems: Problems) {
  const { what = 'the configuration' } = options;
  if (config instanceof Promise) {
    problems.add(
      [],
      'it is a Promise; await it first: createEventBus(await loadConfig(file, options), options)',
    );
    throw problems.error(what);
  }
  const root = copyTree(config, problems, options.variables);
  const over = copyTree(options.overrides ?? {}, problems);
  if (!isRecord(root)) problems.add([], "must be an object that needs a 'type', such as { type: 'memory' }");
  if (!isRecord(over)) problems.add(['overrides'], 'must be an object');
  if (!isRecord(root) || !isRecord(over)) throw problems.error(what);

  const { environments, ...base } = withoutAliases(root, loose, [], problems) as Record<string, unknown>;
  const overrides = withoutAliases(over, loose, ['overrides'], problems);
  const overlays = overlaysOf(environments, loose, problems);
  const written = textOf(valueAt(overrides, ['environment']) ?? base.environment);
  const environment = options.environment ?? (written === '' ? undefined : written);
  const overlay = selected(overlays, environment, problems);
  const merged = mergeTrees(mergeTrees(base, overlay?.tree ?? {}), overrides) as Record<string, unknown>;
  if (environment !== undefined) merged.environment = environment;
  return { base, overlays, overlay, merged };
}

interface Checker {
  readonly registry: Registry;
  readonly problems: Problems;
  /** An overlay of the configuration: its values are reported where they stand. */
  readonly overlay?: Overlay | undefined;
  /** Report only problems of this overlay's values. */
  readonly only?: Overlay;
}

function check(tree: unknown, schema: z.ZodType, { registry, problems, overlay, only }: Checker) {
  const { tree: settled, variables } = settleVariables(tree);
  const from = new Map(variables);
  const gaps = new Set(problems.paths);
  const result = parse(schema, settled, variables);
  const plugins = [...registry.transports(), ...registry.extensions()].map(({ name }) => name);
  const report = (path: Path, message: () => string) => {
    const origin = only ?? overlay;
    const there = origin !== undefined && valueAt(origin.tree, path) !== undefined;
    const full = there ? [...origin.path, ...path] : path;
    // A variable that is not set leaves a gap, which is no problem of its own.
    if ((only === undefined || there) && !gaps.has(dottedPath(full))) problems.add(full, message);
  };
  for (const issue of result.error?.issues ?? []) {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      // The meant one is looked for only where the message shows it: an object from elsewhere may have thousands of keys.
      for (const key of issue.keys) {
        report([...path, key], () =>
          problems.listsNext ? sayUnknownKey(key, path, schema, plugins) : 'unknown key',
        );
      }
    } else {
      report(path, () => {
        const variable = from.get(pathKey(path));
        const source = variable === undefined ? '' : ` (from the variable ${variable.name})`;
        const value = valueAt(settled, path);
        const about =
          value === undefined
            ? (schemaAt(schema, path) as { description?: string } | undefined)?.description
            : undefined;
        const hint = about === undefined ? '' : `. ${about}`;
        return `${sayIssue(issue, value, problems.secrets)}${hint}${source}`;
      });
    }
  }
  return { tree: settled, data: result.data as Record<string, unknown> | undefined };
}

/** Parses; a value that came from a variable becomes a number or true/false where the schema does not take it as text. */
function parse(schema: z.ZodType, tree: unknown, variables: Map<string, VariableValue>) {
  for (;;) {
    const result = schema.safeParse(tree);
    let changed = false;
    for (const { path } of result.error?.issues ?? []) {
      const typed = typedValue(variables.get(pathKey(path))?.text);
      variables.delete(pathKey(path));
      if (typed === undefined) continue;
      replaceAt(tree, path, typed);
      changed = true;
    }
    if (!changed) return result;
  }
}

function typedValue(text: string | undefined): number | boolean | undefined {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

const textOf = (value: unknown) =>
  (value instanceof VariableValue ? value.text : value) as string | undefined;

/** The checks of topics/ beyond the kinds of options. */
function checkTopics(topics: Readonly<Record<string, TopicOptions>>, problems: Problems): void {
  for (const [topic, options] of Object.entries(topics)) {
    try {
      toTopicSpec(topic, options, 'persistent');
    } catch (error) {
      if (!ConfigError.isInstance(error)) throw error;
      for (const { path, message } of error.problems) problems.add([path], message);
    }
  }
}

function resolvedConfig(data: Record<string, unknown>, type: string, registry: Registry): ResolvedConfig {
  const { [type]: transport, ...rest } = data;
  const given = registry.extensions().filter(({ name }) => rest[name] !== undefined);
  const extensions = new Map(given.map(({ name }) => [name, rest[name]]));
  return { ...rest, type, transport, extensions } as unknown as ResolvedConfig;
}
