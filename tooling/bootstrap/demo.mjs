// `npm run demo [-- arguments]`: installs and builds just what the flights example needs, then runs it.
import './node-version.mjs';
import { findPnpm, root } from './pnpm.mjs';
import { run } from './run.mjs';
import { commandStep, step } from './step.mjs';

/** The example and the packages of this workspace that it depends on. */
const example = '@ebus/example-flights...';

async function main() {
  let env = {};
  const pnpm = await step('Looking for pnpm', async () => {
    const found = await findPnpm();
    if ('problem' in found) return { code: 1, output: found.problem };
    env = found.env;
    return { code: 0, output: '' };
  });
  if (!pnpm.ok) return 1;

  const install = ['--filter', example, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'];
  const installed = await commandStep('Installing what the demo needs', 'pnpm', install, { cwd: root, env });
  if (!installed.ok) return 1;

  const build = ['--filter', example, '--workspace-concurrency=1', 'run', 'build'];
  const built = await commandStep('Building it', 'pnpm', build, { cwd: root, env });
  if (!built.ok) return 1;

  console.log();
  const demo = `${root}examples/flights/dist/main.js`;
  const { code } = await run(process.execPath, [demo, ...process.argv.slice(2)], {
    env,
    foreground: true,
  });
  return code;
}

process.exitCode = await main();
