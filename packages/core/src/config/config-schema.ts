/** The schema of a whole configuration: core's part and those of the registered plug-ins. */
import { z } from 'zod';
import { PluginError } from '../errors.js';
import type { Registry } from '../registry/registry.js';
import { commonShape } from './schema.js';

const RESERVED = new Set([...Object.keys(commonShape), 'type', 'eventbus', 'environments', 'monitoring']);

type Schema = z.ZodObject<Record<string, z.ZodType>>;

interface Part {
  readonly name: string;
  readonly config: z.ZodType;
  readonly isTransport: boolean;
}

/** The last schema made, by the first plug-in's schema, then by `type`: Zod compiles a schema when it parses first. */
const made = new WeakMap<z.ZodType, Map<string | undefined, { parts: readonly Part[]; schema: Schema }>>();

/**
 * With a `type`, that transport's section is applied to `{}` where it is absent; without, no section is required.
 * Sections of other registered transports are checked as well, so that a file may hold several. The same plug-ins have the
 * same schema, compiled once.
 * @throws PluginError for a plug-in whose name is a key of core's
 */
export function configSchema(registry: Registry, type?: string): Schema {
  const parts = [
    ...registry.transports().map(({ name, config }) => ({ name, config, isTransport: true })),
    ...registry.extensions().map(({ name, config }) => ({ name, config, isTransport: false })),
  ];
  const [first] = parts;
  if (first === undefined) return makeSchema(parts, type);
  let byType = made.get(first.config);
  if (byType === undefined) {
    byType = new Map();
    made.set(first.config, byType);
  }
  const last = byType.get(type);
  if (last !== undefined && areSame(last.parts, parts)) return last.schema;
  const schema = makeSchema(parts, type);
  byType.set(type, { parts, schema });
  return schema;
}

function areSame(some: readonly Part[], others: readonly Part[]): boolean {
  if (some.length !== others.length) return false;
  return some.every(({ name, config, isTransport }, i) => {
    const other = others[i];
    return name === other?.name && config === other.config && isTransport === other.isTransport;
  });
}

function makeSchema(parts: readonly Part[], type: string | undefined): Schema {
  const shape: Record<string, z.ZodType> = {
    type: type === undefined ? z.unknown().optional() : z.literal(type),
    ...commonShape,
  };
  for (const { name, config, isTransport } of parts) {
    if (RESERVED.has(name))
      throw new PluginError(`a plug-in cannot be named '${name}': core has that key itself`);
    shape[name] = name === type && isTransport ? config.prefault({}) : config.optional();
  }
  return z.strictObject(shape);
}
