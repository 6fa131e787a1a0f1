/** A run from its first process to its verdict. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kafkaCluster } from './adapters/kafka.js';
import { natsCluster } from './adapters/nats.js';
import type { Cluster } from './cluster.js';
import { Fleet, type Line } from './fleet.js';
import { judge, type Verdict } from './judge.js';
import { Nemesis } from './nemesis.js';
import type { Task } from './reports.js';

const HELP = `pnpm faults [-- options]
  --adapter nats|kafka  what runs; both, one after the other, by default
  --seed n              what the nemesis does and when (1)
  --minutes m           how long it does it (2)
  --rate n              events a second (300)
  --keys n              aggregates (60)
  --partitions n        of the topic; on NATS their number changes, too (NATS 1, Kafka 6)
  --slowest ms          handlers take up to so long (20)
  --keep folder         where the history of a run that is broken is written (faults-history)
  --history             writes it in any case`;

const { values } = parseArgs({
  options: {
    adapter: { type: 'string' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '2' },
    rate: { type: 'string', default: '300' },
    keys: { type: 'string', default: '60' },
    partitions: { type: 'string' },
    slowest: { type: 'string', default: '20' },
    keep: { type: 'string', default: 'faults-history' },
    history: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const TOPIC = 'faults.orders';
const PRODUCERS = 2;
const CONSUMERS = 3;
/** How long everything may take to be handled once nothing is broken any more. */
const QUIET_LIMIT_MS = 180_000;

const clusters: Record<string, (topic: string, partitions?: number) => Promise<Cluster>> = {
  nats: natsCluster,
  kafka: kafkaCluster,
};

function number(name: 'seed' | 'minutes' | 'rate' | 'keys' | 'partitions' | 'slowest'): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value > 0) return value;
  console.error(`--${name} takes a number above 0, not '${values[name]}'`);
  process.exit(2);
}

/** What is accepted and not handled yet, and the last accepted of each aggregate. */
class Progress {
  readonly last: Record<string, number> = {};
  readonly open = new Set<string>();
  readonly #done = new Set<string>();

  get doneCount(): number {
    return this.#done.size;
  }

  take([, , kind, key, sequence]: Line): void {
    if (sequence === undefined) return;
    const id = `${key}-${sequence}`;
    if (kind === 'accepted') {
      this.last[key] = Math.max(this.last[key] ?? 0, sequence);
      if (!this.#done.has(id)) this.open.add(id);
    } else if (kind === 'handled' || kind === 'dead') {
      this.#done.add(id);
      this.open.delete(id);
    }
  }
}

async function run(adapter: string): Promise<boolean> {
  const [seed, minutes, rate, keys] = [number('seed'), number('minutes'), number('rate'), number('keys')];
  console.log(`${adapter}, seed ${seed}: starting its cluster ...`);
  const partitions = values.partitions === undefined ? undefined : number('partitions');
  const cluster = await (clusters[adapter] as (typeof clusters)[string])(TOPIC, partitions);
  const fleet = new Fleet();
  const progress = new Progress();
  fleet.onLine = (line) => progress.take(line);
  const { config, options } = cluster;
  const producer = (name: string, ids: readonly string[]): Task => ({
    role: 'producer',
    name,
    config,
    topic: TOPIC,
    aggregates: Object.fromEntries(ids.map((id) => [id, progress.last[id] ?? 0])),
    rate: rate / PRODUCERS,
  });
  let consumers = 0;
  const anotherConsumer = (): Task => ({
    ...{ role: 'consumer', name: `consumer-${++consumers}`, config, topic: TOPIC, options },
    ...{ seed: seed * 1_000 + consumers, slowestMs: number('slowest'), failing: 0.01, poison: 0.0005 },
  });
  let producers = PRODUCERS;
  const taskAfter = (task: Task): Task =>
    task.role === 'consumer'
      ? anotherConsumer()
      : producer(`producer-${++producers}`, Object.keys(task.aggregates));
  fleet.taskAfter = taskAfter;
  const nemesis = new Nemesis({ cluster, fleet, seed, anotherConsumer, taskAfter });
  try {
    const ids = Array.from({ length: keys }, (_, i) => `order-${i}`);
    for (let i = 0; i < PRODUCERS; i++)
      fleet.start(
        producer(
          `producer-${i + 1}`,
          ids.filter((_, n) => n % PRODUCERS === i),
        ),
      );
    for (let i = 0; i < CONSUMERS; i++) fleet.start(anotherConsumer());
    await until(() => progress.doneCount > keys, 60_000);
    nemesis.start();
    const end = performance.now() + minutes * 60_000;
    while (performance.now() < end) {
      await pause(Math.min(5_000, end - performance.now()));
      show(nemesis, progress, end);
    }
    await nemesis.stop();
    console.log(`${adapter}: everything is mended; waiting for what is accepted to be handled ...`);
    await Promise.all(fleet.of('producer').map((member) => member.stop(60_000)));
    if (fleet.of('consumer').length === 0) fleet.start(anotherConsumer());
    const isQuiet = await until(() => progress.open.size === 0, QUIET_LIMIT_MS);
    if (!isQuiet) fleet.note('run', `${progress.open.size} events are not handled after the quiet time`);
    await pause(500);
    await Promise.all(fleet.of('consumer').map((member) => member.stop(30_000)));
  } finally {
    await fleet.killAll();
    await cluster.close();
  }
  const verdict = judge(fleet.lines, cluster.leaseMs);
  tellVerdict(adapter, verdict, nemesis, fleet.lines);
  if (values.history || verdict.problems.length > 0) keep(adapter, seed, fleet.lines);
  return verdict.problems.length === 0;
}

function show(nemesis: Nemesis, { last, open }: Progress, end: number): void {
  const accepted = Object.values(last).reduce((sum, count) => sum + count, 0);
  const left = Math.max(0, Math.round((end - performance.now()) / 1_000));
  console.log(`  ${left} s left: ${nemesis.total} faults, ${accepted} accepted, ${open.size} to be handled`);
}

function tellVerdict(adapter: string, verdict: Verdict, nemesis: Nemesis, lines: readonly Line[]): void {
  const { problems, ...counts } = verdict;
  const troubles = lines.filter(([, , kind]) => kind === 'trouble');
  console.log(`\n${adapter}: ${nemesis.total} faults`);
  for (const [name, count] of [...nemesis.counts].toSorted()) console.log(`  ${count} x ${name}`);
  for (const [name, count] of Object.entries(counts)) console.log(`  ${name}: ${count}`);
  if (troubles.length > 0) {
    console.log(`  processes that could not start, or failed: ${troubles.length}; the first:`);
    console.log(`    ${troubles[0]?.[0]}: ${String(troubles[0]?.[3]).split('\n')[0]}`);
  }
  for (const { kind, text } of problems) console.log(`  BROKEN ${kind}: ${text}`);
  console.log(problems.length === 0 ? `${adapter}: nothing is broken\n` : `${adapter}: BROKEN\n`);
}

function keep(adapter: string, seed: number, lines: readonly Line[]): void {
  const folder = values.keep;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${adapter}-${seed}.jsonl`);
  const sorted = lines.toSorted((a, b) => a[1] - b[1]);
  writeFileSync(file, `${sorted.map((line) => JSON.stringify(line)).join('\n')}\n`);
  console.log(`its history: ${file}\n`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether it came true in time. */
async function until(check: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!check()) {
    if (performance.now() > end) return false;
    await pause(200);
  }
  return true;
}

if (values.help) console.log(HELP);
else {
  const adapters = values.adapter === undefined ? Object.keys(clusters) : [values.adapter];
  const unknown = adapters.find((adapter) => clusters[adapter] === undefined);
  if (unknown !== undefined) {
    console.error(`--adapter takes ${Object.keys(clusters).join(' or ')}, not '${unknown}'`);
    process.exit(2);
  }
  let isGood = true;
  for (const adapter of adapters) isGood = (await run(adapter)) && isGood;
  process.exitCode = isGood ? 0 : 1;
}
