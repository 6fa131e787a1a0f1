import { defineConfig } from 'tsup';

/**
 * How every package is built: ESM only, for Node 20, with declarations and source maps. All entries of a package are
 * built in one run with splitting on, so that they share one copy of every class. Nothing that is imported by name is
 * bundled, neither dependencies nor other packages of this workspace.
 */
export function preset(options) {
  return defineConfig({
    entry: options.entry,
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    splitting: true,
    treeshake: false,
    minify: false,
    sourcemap: true,
    clean: true,
    dts: options.dts ?? true,
    skipNodeModulesBundle: true,
    silent: true,
    outDir: 'dist',
  });
}
