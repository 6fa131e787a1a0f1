/** One file of JavaScript from a TypeScript program and the sources of the workspace that it imports. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const tsconfig = fileURLToPath(new URL('../../tsconfig.json', import.meta.url));
const programs = new Map<string, Promise<string>>();
let folder: string | undefined;

/**
 * The program's path, made once a process. Starting it takes a tenth of the time that a loader of TypeScript takes. Packages
 * stay where they are installed, and `import.meta.url` is that of each source.
 */
export function bundled(file: string): Promise<string> {
  let program = programs.get(file);
  if (program === undefined) {
    program = bundle(file, join(folderOfPrograms(), `${programs.size}.mjs`));
    programs.set(file, program);
  }
  return program;
}

/** Of this process, and gone with it. */
function folderOfPrograms(): string {
  if (folder !== undefined) return folder;
  const made = mkdtempSync(join(tmpdir(), 'ebus-programs-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  folder = made;
  return made;
}

async function bundle(file: string, outfile: string): Promise<string> {
  await build({
    ...{ entryPoints: [file], outfile, bundle: true, tsconfig },
    ...{ format: 'esm', platform: 'node', target: 'node20', logLevel: 'error' },
    // What Node itself would find: no builds for bundlers.
    ...{ conditions: [], mainFields: ['main'] },
    plugins: [sourcesOnly],
  });
  return outfile;
}

const AGAIN = 'asked by the plug-in itself';

const sourcesOnly: Plugin = {
  name: 'sources-only',
  setup({ onLoad, onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === AGAIN || path.startsWith('node:')) return undefined;
      const { kind, importer, resolveDir } = from;
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: AGAIN });
      // Where the importing source finds it: this file lies elsewhere.
      return found.path.includes('/node_modules/') ? { path: found.path, external: true } : found;
    });
    onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const url = JSON.stringify(pathToFileURL(path).href);
      return {
        loader: path.endsWith('.ts') ? 'ts' : 'js',
        contents: source.replaceAll('import.meta.url', url),
      };
    });
  },
};
