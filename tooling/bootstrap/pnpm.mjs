// Finds a pnpm to use, and puts it on the PATH of everything we start (turbo and pnpm's own children look for it there).
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const wanted = packageManager.replace(/\+.*$/, '');
const major = (version) => version.replace(/^\D*/, '').split('.')[0];

/** The commands of the workspace's own tools, as `pnpm exec` would find them. */
const toolPath = (path) => [`${root}node_modules/.bin`, path].join(delimiter);

/**
 * The environment for child processes. pnpm comes from PATH where it has the major version that package.json names,
 * otherwise from npm (`npx`), which downloads it once and keeps it in its cache.
 *
 * @returns {Promise<{ env: NodeJS.ProcessEnv } | { problem: string }>}
 */
export async function findPnpm() {
  const base = {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
  const onPath = await run('pnpm', ['--version'], { cwd: tmpdir(), env: base });
  if (onPath.code === 0 && major(onPath.output.trim()) === major(wanted)) {
    return { env: { ...base, PATH: toolPath(base.PATH) } };
  }
  const print = 'console.log(JSON.stringify(process.env.PATH))';
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined;
  const args = ['exec', '--yes', `--package=${wanted}`, '--', 'node', '-e', print];
  const found = await (npm
    ? run(process.execPath, [npm, ...args], { env: base })
    : run('npm', args, { env: base }));
  const path = found.output.split('\n').find((line) => line.startsWith('"'));
  if (found.code !== 0 || path === undefined) {
    return { problem: `could not get ${wanted} through npm:\n${found.output}` };
  }
  return { env: { ...base, PATH: toolPath(JSON.parse(path)) } };
}
