/** Other names and forms that are accepted: those of the configuration files of Go services. */
import { isRecord } from '../util/records.js';
import type { Problems } from './problems.js';
import { schemaUnder, shapeOf } from './shape.js';
import type { Path } from './tree.js';

/** Other name, name; accepted in every object that has a key of that name. */
const ANYWHERE: Aliases = [['groupID', 'groupId']];
const AT_ROOT: Aliases = [['monitoring', 'metrics']];
const IN_TOPIC: Aliases = [
  ['persistenceMode', 'persistence'],
  ['retentionTime', 'retention'],
];

/** Other names of the keys of one object, and how their values become ours. */
export type Aliases = readonly (readonly [alias: string, name: string])[];

/** The other names that are accepted for keys of the object at a path, `*` standing for a topic. */
export function aliasesAt(path: Path, shape: Readonly<Record<string, unknown>> | undefined): Aliases {
  const local = path.length === 0 ? AT_ROOT : path.length === 2 && path[0] === 'topics' ? IN_TOPIC : [];
  return [...local, ...ANYWHERE].filter(
    ([alias, name]) => shape !== undefined && name in shape && !(alias in shape),
  );
}

/** The configuration with the names that the schema has, and topics by name. `prefix` is where it was found. */
export function withoutAliases(tree: unknown, schema: unknown, prefix: Path, problems: Problems): unknown {
  const rename = (value: unknown, path: Path, at: unknown): unknown => {
    if (path.length === 1 && path[0] === 'topics' && Array.isArray(value)) {
      return rename(topicsByName(value, [...prefix, ...path], problems), path, at);
    }
    if (!isRecord(value) || at === undefined) return value;
    const aliases = aliasesAt(path, shapeOf(at));
    const renamed: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const name = aliases.find(([alias]) => alias === key)?.[1] ?? key;
      if (name !== key && Object.hasOwn(value, name)) {
        problems.add([...prefix, ...path, key], `is another name for '${name}', which is there as well`);
      } else {
        renamed[name] = rename(item, [...path, name], schemaUnder(at, name));
      }
    }
    return renamed;
  };
  return rename(tree, [], schema);
}

function topicsByName(list: readonly unknown[], path: Path, problems: Problems): Record<string, unknown> {
  const topics: Record<string, unknown> = {};
  for (const [index, topic] of list.entries()) {
    const there = [...path, String(index)];
    if (!isRecord(topic)) {
      problems.add(there, "must be a topic with a 'name'");
      continue;
    }
    const { name, ...options } = topic;
    if (typeof name !== 'string' || name === '' || name === '__proto__') {
      problems.add([...there, 'name'], 'must be the name of the topic');
    } else if (Object.hasOwn(topics, name)) {
      problems.add([...there, 'name'], `there is another topic named '${name}'`);
    } else {
      topics[name] = options;
    }
  }
  return topics;
}
