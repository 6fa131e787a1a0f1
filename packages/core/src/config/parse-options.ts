/** The options of `loadConfig` and `parseConfig`. */
import type { Plugin } from '../registry/plugin.js';
import type { Registry } from '../registry/registry.js';
import { REGISTRY_OPTIONS } from '../registry/registry-options.js';
import * as kinds from '../util/option-kinds.js';
import { optionTable } from '../util/options.js';
import type { ConfigOverrides } from './types.js';

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

/** The same, as they are checked. */
export const PARSE_OPTIONS = optionTable<ParseConfigOptions>(
  {
    ...REGISTRY_OPTIONS,
    environment: kinds.filledText,
    env: kinds.kind('an object of texts by name', isObject),
    overrides: kinds.kind('a part of a configuration', isObject),
  },
  { variables: "use 'env' instead" },
);

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
