/** The schema of a whole configuration: core's part and those of the registered plug-ins. */
import { z } from 'zod';
import { PluginError } from '../errors.js';
import type { Registry } from '../registry/registry.js';
import { commonShape } from './schema.js';

const RESERVED = new Set([...Object.keys(commonShape), 'type', 'eventbus', 'environments', 'monitoring']);

/**
 * With a `type`, that transport's section is applied to `{}` where it is absent; without, no section is required.
 * Sections of other registered transports are checked as well, so that a file may hold several.
 * @throws PluginError for a plug-in whose name is a key of core's
 */
export function configSchema(registry: Registry, type?: string): z.ZodObject<Record<string, z.ZodType>> {
  const names = registry.transports().map(({ name }) => name);
  const shape: Record<string, z.ZodType> = {
    type: type === undefined ? z.unknown().optional() : z.literal(type),
    ...commonShape,
  };
  for (const { name, config } of [...registry.transports(), ...registry.extensions()]) {
    if (RESERVED.has(name))
      throw new PluginError(`a plug-in cannot be named '${name}': core has that key itself`);
    shape[name] = name === type && names.includes(name) ? config.prefault({}) : config.optional();
  }
  return z.strictObject(shape);
}
