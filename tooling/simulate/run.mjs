// `pnpm simulate [-- --seeds 10000 --from 1 --broker log|lease|parted --counts]`: tries core on simulated brokers, and prints a verdict.
// A broken seed is told with its shortest history and the command that replays it.
import { fork, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
// What killed processes wait for stays in memory: some 30 KB a seed.
const A_PROCESS = 10_000;
const CHUNK = 100;
/** Each run leaves a lot of young garbage. */
const NODE = ['--max-semi-space-size=64'];
const HELP = `pnpm simulate [-- options]
  --seeds n           how many seeds (10000)
  --from s            the first seed (1)
  --broker log|lease|parted  one of the simulated brokers; each in turn by default
  --cut JSON          replays a part of a seed's run, as a broken seed tells it
  --counts            how often each kind of thing happened
  --workers n         processes (one for each core)
  --stop-after n      broken seeds to tell before giving up (3)
  --built             takes the packages as they are built already`;

// npm and pnpm hand on the `--` before the arguments.
const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    broker: { type: 'string' },
    cut: { type: 'string' },
    counts: { type: 'boolean', default: false },
    workers: { type: 'string', default: String(availableParallelism()) },
    'stop-after': { type: 'string', default: '3' },
    built: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function number(name) {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  console.error(`--${name} takes a whole number from 1, not '${values[name]}'`);
  process.exit(2);
}

function build() {
  const { status } = spawnSync(
    process.execPath,
    [here('../tsup/build.mjs'), '--no-types', 'packages/core', 'packages/conformance'],
    { cwd: root, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}

async function main() {
  const seeds = number('seeds');
  const first = number('from');
  const stopAfter = number('stop-after');
  const total = { seeds: 0, events: 0, virtualMs: 0, counts: {}, broken: [] };
  const began = performance.now();
  let next = first;
  let isOver = false;

  const work = () =>
    new Promise((resolve, reject) => {
      const worker = fork(here('worker.mjs'), { cwd: root, execArgv: NODE });
      let given = 0;
      const give = () => {
        const left = first + seeds - next;
        if (left <= 0 || isOver || given >= A_PROCESS) return worker.disconnect();
        const options = { from: next, seeds: Math.min(CHUNK, left), stopAfter };
        next += options.seeds;
        given += options.seeds;
        if (values.broker !== undefined) options.broker = values.broker;
        if (values.cut !== undefined) options.cut = JSON.parse(values.cut);
        worker.send(options);
      };
      worker.on('message', (report) => {
        for (const name of ['seeds', 'events', 'virtualMs']) total[name] += report[name];
        for (const [name, count] of Object.entries(report.counts))
          total.counts[name] = (total.counts[name] ?? 0) + count;
        total.broken.push(...report.broken);
        isOver ||= total.broken.length >= stopAfter;
        give();
      });
      worker.on('error', reject);
      worker.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
      );
      give();
    });
  const workOn = async () => {
    while (next < first + seeds && !isOver) await work();
  };
  await Promise.all(Array.from({ length: Math.min(number('workers'), seeds) }, workOn));

  for (const each of total.broken.sort((a, b) => a.seed - b.seed).slice(0, stopAfter)) tell(each);
  if (values.counts) console.log(`\n${table(total.counts)}`);
  const seconds = (performance.now() - began) / 1_000;
  const hours = (total.virtualMs / 3_600_000).toFixed(0);
  console.log(
    `\n${total.seeds} seeds in ${seconds.toFixed(1)} s (${hours} h of virtual time, ${total.events} events): ` +
      `${total.broken.length} broken`,
  );
  process.exitCode = total.broken.length > 0 ? 1 : 0;
}

function tell({ seed, broker, problems, history, cut }) {
  console.log(`\nSeed ${seed} on the ${broker} broker breaks a promise:`);
  for (const { kind, text } of problems.slice(0, 3)) console.log(`  ${kind}: ${text}`);
  console.log('Its shortest history (virtual milliseconds, who, what):');
  for (const line of history) console.log(`  ${line}`);
  console.log(
    `Replay: pnpm simulate --from ${seed} --seeds 1 --broker ${broker} --cut '${JSON.stringify(cut)}'`,
  );
}

function table(counts) {
  const rows = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b));
  return rows.map(([name, count]) => `${String(count).padStart(10)}  ${name}`).join('\n');
}

if (values.help) {
  console.log(HELP);
} else {
  if (!values.built) build();
  await main();
}
