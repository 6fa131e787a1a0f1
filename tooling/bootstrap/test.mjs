// `npm test [-- vitest arguments]`: installs what is missing, builds, runs every check, and ends with one line,
// `N passed, N failed`, where each test and each other step counts as one.
import './node-version.mjs';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureKafkaClient } from './kafka-client.mjs';
import { findPnpm, root } from './pnpm.mjs';
import { skippedLines } from './skipped.mjs';
import { commandStep, loudStep, say, step } from './step.mjs';

const total = { passed: 0, failures: [], skipped: [], knownToFail: [] };

function count(title, ok) {
  if (ok) total.passed += 1;
  else total.failures.push(title);
  return ok;
}

async function main() {
  let env = {};
  const pnpm = await step('Looking for pnpm', async () => {
    const found = await findPnpm();
    if ('problem' in found) return { code: 1, output: found.problem };
    env = found.env;
    return { code: 0, output: '' };
  });
  if (!pnpm.ok) {
    count('Looking for pnpm', false);
    return;
  }

  const check = async (title, command, ...args) =>
    count(title, (await commandStep(title, command, args, { cwd: root, env })).ok);

  const install = ['install', '--frozen-lockfile', '--config.confirmModulesPurge=false'];
  if (!(await check('Installing', 'pnpm', ...install))) return;
  // The tests of everything else run without it.
  count(
    "Kafka's native client",
    (await step("Making Kafka's native client ready", () => ensureKafkaClient(say))).ok,
  );
  if (!(await check('Building', 'turbo', 'run', 'build', '--output-logs=errors-only', '--concurrency=2')))
    return;
  await Promise.all([checkTypes(check), checkStyle(check)]);
  await tests(env);
  await check('Trying deliberate faults', process.execPath, 'tooling/mutants/run.mjs', '--gate');
  const simulation = ['tooling/simulate/run.mjs', '--built', '--seeds', '10000', '--counts'];
  count(
    'Simulating 10,000 seeds',
    (await loudStep('Simulating', process.execPath, simulation, { cwd: root, env })).ok,
  );
  await check(
    'Checking the packages as they are published',
    process.execPath,
    'tooling/packages-check/run.mjs',
  );
}

/** The slowest of the checks that run nothing: beside it is room for the others. */
async function checkTypes(check) {
  await check('Type-checking', 'tsc', '--noEmit');
}

async function checkStyle(check) {
  await check('Linting', 'biome', 'check', '.');
  const rules = ['--config', '.dependency-cruiser.mjs'];
  await check('Checking who imports whom', 'depcruise', 'packages', 'examples', ...rules);
  const page = 'packages/health-http/src/console/page/dom';
  await check("Type-checking the console's page", 'tsc', '--noEmit', '-p', page);
}

/** Runs vitest once over everything and adds what its summary reporter wrote. */
async function tests(env) {
  const folder = mkdtempSync(join(tmpdir(), 'ebus-test-'));
  const file = join(folder, 'summary.json');
  const reporters = ['--reporter=default', '--reporter=./tooling/bootstrap/summary-reporter.mjs'];
  const { ok } = await loudStep(
    'Running the tests',
    'vitest',
    ['run', ...reporters, ...process.argv.slice(2)],
    {
      cwd: root,
      env: { ...env, EBUS_TEST_SUMMARY: file },
    },
  );
  if (existsSync(file)) {
    const summary = JSON.parse(readFileSync(file, 'utf8'));
    total.passed += summary.passed;
    total.failures.push(...summary.failures);
    total.skipped.push(...summary.skipped);
    total.knownToFail.push(...summary.knownToFail);
    if (!ok && summary.failed === 0) total.failures.push('vitest, outside the tests');
  } else {
    total.failures.push('vitest, before it could report');
  }
  rmSync(folder, { recursive: true, force: true });
}

function report() {
  console.log();
  for (const line of skippedLines(total.skipped)) console.log(line);
  for (const { name } of total.knownToFail) console.log(`known to fail: ${name}`);
  for (const name of total.failures) console.log(`failed: ${name}`);
  const skipped = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : '';
  const known = total.knownToFail.length > 0 ? `, ${total.knownToFail.length} known to fail` : '';
  console.log(`${total.passed} passed, ${total.failures.length} failed${skipped}${known}`);
}

try {
  await main();
} catch (error) {
  total.failures.push(`npm test itself: ${error instanceof Error ? error.stack : String(error)}`);
}
report();
process.exitCode = total.failures.length > 0 ? 1 : 0;
