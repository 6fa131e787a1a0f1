// Tries deliberate faults: `pnpm mutants [--only text]… [--gate] [--control] [--jobs n] [--write]`.
//
// Each fault is put into one source file, and the tests that must notice it run. A fault that no test notices has
// survived, and the run fails. `--control` runs the same tests without any fault, which must pass. `--write` puts what killed
// each into docs/mutants.md.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startService } from '@ebus/services';
import { mutants } from './list.mjs';
import { writeTable } from './table.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const preload = new URL('./preload.mjs', import.meta.url).href;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [''] },
    gate: { type: 'boolean', default: false },
    control: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
});

const chosen = mutants.filter(
  ({ name, file, gate }) =>
    values.only.some((text) => `${name} ${file}`.includes(text)) && (!values.gate || gate === true),
);

/** The titles of tests that failed, or what went wrong before any of them ran. */
async function failures({ killedBy }, mutant, env) {
  const folder = await mkdtemp(join(tmpdir(), 'ebus-mutants-'));
  const report = join(folder, 'report.json');
  const title = killedBy.title === undefined ? [] : ['-t', killedBy.title];
  const args = [
    ...['run', '--project', killedBy.project, killedBy.file, ...title],
    ...['--bail', '1', '--reporter', 'json', '--outputFile', report],
  ];
  const output = await run(process.execPath, [vitest, ...args], {
    ...env,
    ...(mutant === undefined
      ? {}
      : { EBUS_MUTANT: JSON.stringify(mutant), NODE_OPTIONS: `--import ${preload}` }),
  });
  const text = await readFile(report, 'utf8').catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
  if (text === undefined) return { ran: 0, failed: [], trouble: output };
  const tests = JSON.parse(text).testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    ran: tests.filter(({ status }) => status === 'passed' || status === 'failed').length,
    failed: tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName.trim()),
    trouble: output,
  };
}

function run(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

/** One line each, as soon as it is known. @returns whether all is as it must be */
async function tryAll(tasks, attempt) {
  const waiting = [...tasks];
  let good = true;
  const worker = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const { ok, line } = await attempt(task);
      good &&= ok;
      console.log(line);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  return good;
}

const needsPostgres = chosen.some(({ killedBy }) => killedBy.file.includes('postgres'));
const postgres = needsPostgres ? await startService('postgres', { own: true, log: () => {} }) : undefined;
const env = postgres === undefined ? {} : { EBUS_TEST_POSTGRES: postgres.addresses[0] };

/** The test that killed each, by the name of the mutant. */
const killers = new Map();

async function tryMutant(mutant) {
  const began = performance.now();
  const { ran, failed, trouble } = await failures(mutant, mutant, env);
  const seconds = `${((performance.now() - began) / 1000).toFixed(1)} s`.padStart(7);
  if (failed.length > 0) {
    killers.set(mutant.name, failed[0]);
    return { ok: true, line: `killed    ${seconds}  ${mutant.name}  <-  ${failed[0]}` };
  }
  if (ran > 0) return { ok: false, line: `SURVIVED  ${seconds}  ${mutant.name}  (${ran} tests passed)` };
  return { ok: false, line: `NOT RUN   ${mutant.name}\n${trouble}` };
}

async function tryControl(selection) {
  const { ran, failed, trouble } = await failures({ killedBy: selection }, undefined, env);
  const name = `${selection.file} ${selection.title ?? ''}`;
  if (failed.length > 0) return { ok: false, line: `FAILS without any fault  ${name}: ${failed[0]}` };
  return { ok: ran > 0, line: `${ran > 0 ? 'passes' : `NOT RUN ${trouble}`}  ${name} (${ran} tests)` };
}

const selections = new Map(chosen.map(({ killedBy }) => [JSON.stringify(killedBy), killedBy]));
const good = values.control ? await tryAll(selections.values(), tryControl) : await tryAll(chosen, tryMutant);
await postgres?.close();
if (values.write) await writeTable(killers);
console.log(`${chosen.length} mutants, ${good ? 'all as they must be' : 'NOT all as they must be'}`);
process.exitCode = good && chosen.length > 0 ? 0 : 1;
