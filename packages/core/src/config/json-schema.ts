/** The configuration as a JSON Schema, for editors. zod is loaded with the first call. */
import type { Plugin } from '../registry/plugin.js';
import { defaultRegistry, type Registry } from '../registry/registry.js';
import { REGISTRY_OPTIONS } from '../registry/registry-options.js';
import { checkOptions, optionTable } from '../util/options.js';

/** The plug-ins whose settings the schema includes. */
export interface JsonSchemaOptions {
  /** Added to the registry. Their sections are in the schema. */
  plugins?: readonly Plugin[];
  /** Default: the process-wide `defaultRegistry`. */
  registry?: Registry;
}

const OPTIONS = optionTable<JsonSchemaOptions>(REGISTRY_OPTIONS);

/**
 * A JSON Schema (draft 2020-12) of configuration files: of core's part and of the registered plug-ins' sections.
 *
 * It is for writing files, and more lenient than `loadConfig`: no key is required, because environments and overrides
 * may bring it, and what spans several keys is not checked.
 */
export async function configJsonSchema(options: JsonSchemaOptions = {}): Promise<Record<string, unknown>> {
  checkOptions('configJsonSchema', options, OPTIONS);
  const { toJsonSchema } = await import('./to-json-schema.js');
  return toJsonSchema((options.registry ?? defaultRegistry).with(options.plugins ?? []));
}
