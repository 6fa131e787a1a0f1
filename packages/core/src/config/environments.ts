/** `environments`: parts of the configuration that apply in one environment only. */
import { nearest } from '../util/nearest.js';
import { isRecord } from '../util/records.js';
import { withoutAliases } from './aliases.js';
import type { Problems } from './problems.js';
import { shapeOf } from './shape.js';
import { mergeTrees, type Path } from './tree.js';

/** Each of them is checked together with the rest of the configuration. */
const MAX_ENVIRONMENTS = 200;

/** One environment's part, and where its values stand in the configuration. */
export interface Overlay {
  readonly name: string;
  readonly tree: Record<string, unknown>;
  readonly path: Path;
}

/**
 * Reads the environments. Each is a part of the configuration, which may have every key but `environment` and
 * `environments`; one whose keys are none of the configuration's is short for its `topics`.
 */
export function overlaysOf(environments: unknown, schema: unknown, problems: Problems): Overlay[] {
  if (environments === undefined) return [];
  if (!isRecord(environments)) {
    problems.add(['environments'], 'must be an object with a part of the configuration for each environment');
    return [];
  }
  const all = Object.entries(environments);
  if (all.length > MAX_ENVIRONMENTS) {
    problems.add(['environments'], `are more than ${MAX_ENVIRONMENTS}`);
    return [];
  }
  return all.flatMap(([name, part]) => {
    const path = ['environments', name];
    if (!isRecord(part)) {
      problems.add(path, 'must be an object: a part of the configuration');
      return [];
    }
    for (const key of ['environment', 'environments']) {
      if (Object.hasOwn(part, key)) problems.add([...path, key], 'has no place within an environment');
    }
    const short = isTopics(part, schema);
    const tree = withoutAliases(short ? { topics: part } : part, schema, path, problems);
    return [{ name, tree: tree as Record<string, unknown>, path }];
  });
}

/** Whether nothing in it looks like a key of the configuration, so that it must be topics by name. */
function isTopics(part: Record<string, unknown>, schema: unknown): boolean {
  const known = [...Object.keys(shapeOf(schema) ?? {}), 'monitoring', 'environment', 'environments'];
  const keys = Object.keys(part);
  return keys.length > 0 && keys.every((key) => nearest(key, known) === undefined);
}

/** The overlay of the environment that was asked for. It must be there, so that a misspelt one is not a silent no-op. */
export function selected(
  overlays: readonly Overlay[],
  name: unknown,
  problems: Problems,
): Overlay | undefined {
  if (typeof name !== 'string' || overlays.length === 0) return undefined;
  const overlay = overlays.find((candidate) => candidate.name === name);
  if (overlay === undefined) {
    const names = overlays.map((candidate) => candidate.name);
    const near = nearest(name, names);
    const hint = near === undefined ? `; there are ${names.join(', ')}` : `, did you mean '${near}'?`;
    problems.add(['environment'], `'${name}' is not among the environments${hint}`);
  }
  return overlay;
}

/**
 * The configuration with an overlay, reduced to the sections (and topics) that the overlay has: enough to
 * check an environment that is not selected, without checking all the rest again.
 */
export function mergedSections(base: Record<string, unknown>, { tree }: Overlay): Record<string, unknown> {
  const sections: Record<string, unknown> = { ...pick(base, tree) };
  if (isRecord(sections.topics) && isRecord(tree.topics))
    sections.topics = pick(sections.topics, tree.topics);
  return mergeTrees(sections, tree) as Record<string, unknown>;
}

function pick(from: Record<string, unknown>, like: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(like).filter((key) => Object.hasOwn(from, key));
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}
