// Builds packages: `node tooling/tsup/build.mjs [--no-types] [folder ...]`, by default the current folder.
//
// ESM only, for Node 20, with source maps and declarations. The entries are what package.json exports, and its commands (`bin`): dist/x.js
// comes from src/x.ts. All entries of a package are built in one run with splitting on, so that they share one copy of every
// class. Nothing that is imported by name is bundled, neither dependencies nor other packages of this workspace.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/** `{ 'driver/index': 'src/driver/index.ts' }` for `"default": "./dist/driver/index.js"`. */
function entriesOf(manifest) {
  const exported = Object.values(manifest.exports ?? {}).map((target) => target.default ?? target);
  const files = [
    ...exported,
    ...(manifest.main ? [manifest.main] : []),
    ...Object.values(manifest.bin ?? {}),
  ];
  const names = files
    .map((file) => /^\.\/dist\/(.+)\.js$/.exec(file)?.[1])
    .filter((name) => name !== undefined);
  return Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]));
}

async function buildHere(types) {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  await build({
    config: false,
    entry: entriesOf(manifest),
    outDir: 'dist',
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    splitting: true,
    sourcemap: true,
    skipNodeModulesBundle: true,
    // A package that exports nothing is a program: nobody reads its declarations.
    dts: types && manifest.exports !== undefined,
    // Without types this is the quick build of the demo, which leaves the declarations of an earlier one alone.
    clean: types,
    silent: true,
  });
}

const folders = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const flags = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
if (folders.length === 0) await buildHere(!flags.includes('--no-types'));
// esbuild keeps the folder that it was loaded in, so each package has a process of its own.
for (const cwd of folders) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...flags], {
    cwd,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
