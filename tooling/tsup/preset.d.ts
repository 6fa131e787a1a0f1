import type { defineConfig } from 'tsup';

export interface PresetOptions {
  /** Output name (without extension) to source file. */
  readonly entry: Record<string, string>;
  /** Whether to write declarations; default true. */
  readonly dts?: boolean;
}

export function preset(options: PresetOptions): ReturnType<typeof defineConfig>;
