/** The options by which calls are told what plug-ins there are. */
import * as kinds from '../util/option-kinds.js';
import type { Plugin } from './plugin.js';
import type { Registry } from './registry.js';

/** Plug-ins of one call, beside those of the process. */
export interface RegistryOptions {
  plugins?: readonly Plugin[];
  registry?: Registry;
}

/** Each of them is checked where it is registered. */
export const REGISTRY_OPTIONS: { readonly [Name in keyof Required<RegistryOptions>]: kinds.OptionKind } = {
  plugins: kinds.kind('a list of plug-ins, such as [memory]', Array.isArray, '[memory]'),
  registry: kinds.withMethods('a Registry', 'use', 'with', 'transport'),
};
