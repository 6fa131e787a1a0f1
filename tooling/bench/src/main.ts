/** How fast ebus is, always next to what one would otherwise use, in one run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { documentOf, type Results } from './document.js';
import { nestProcess } from './nest/process.js';
import { partitionMember } from './partitions/member.js';
import { quick } from './quick.js';
import { machine, printTable, type Row, warningOfLoad, writeJson } from './report.js';
import { ADAPTERS, type Adapter } from './soak/brokers.js';
import { checks } from './suites/checks.js';
import { heldMemory } from './suites/held-memory.js';
import { kafkaSuite } from './suites/kafka.js';
import { keyOrdered, keyOrderedInMemory } from './suites/key-ordered.js';
import { latency } from './suites/latency.js';
import { metrics } from './suites/metrics.js';
import { natsSuite } from './suites/nats.js';
import { natsConsumers } from './suites/nats-consumers.js';
import { ordered } from './suites/ordered.js';
import { outbox } from './suites/outbox.js';
import { outboxSize } from './suites/outbox-size.js';
import { partitions } from './suites/partitions.js';
import { peers } from './suites/peers.js';
import { pipelineCost } from './suites/pipeline-cost.js';
import { pool } from './suites/pool.js';
import { scaling } from './suites/scaling.js';
import { sizes } from './suites/sizes.js';
import { soakSuite } from './suites/soak.js';
import { tracing } from './suites/tracing.js';
import { unordered } from './suites/unordered.js';
import { withSummary } from './summary.js';

/** Of the soak run alone. */
interface SoakArguments {
  readonly adapter: Adapter;
  readonly minutes: number;
}

/** Measures something over that many rounds. */
type Suite = (rounds: number, soak: SoakArguments) => Promise<Row[]>;

const suites: Record<string, { about: string; run: Suite; onlyByName?: boolean }> = {
  unordered: { about: 'publish to handler, 256 B, against direct calls and eventemitter3', run: unordered },
  ordered: { about: 'envelopes over 1,000 keys, against a bare encode and decode loop', run: ordered },
  'pipeline-cost': { about: 'microseconds that ebus adds to each message', run: pipelineCost },
  sizes: { about: 'envelopes of 100 B, 1 KB and 10 KB, against a bare loop', run: sizes },
  checks: { about: 'what checking payloads, envelopes and lanes adds to a message', run: checks },
  metrics: { about: 'what watching costs: no collector, against one', run: metrics },
  pool: { about: '10 ms of I/O a message, 1,000 keys, 256 at once, against one by one', run: pool },
  nats: { about: 'Core NATS and JetStream, against plain nats.js on the same server', run: natsSuite },
  'nats-consumers': {
    about: 'NATS server: a consumer for each topic -> one shared by all',
    run: natsConsumers,
  },
  partitions: {
    about: 'three processes on 12 partitions of JetStream, against one; joins and kills; by name only',
    run: partitions,
    onlyByName: true,
  },
  kafka: { about: 'Kafka, against the bare clients on the same broker', run: kafkaSuite },
  peers: { about: 'NestJS transports and kafkajs in batches, on the same brokers', run: peers },
  'key-ordered': {
    about: 'order by key on Kafka with handlers of 0 to 100 ms, 25,000 records',
    run: async () => [...(await keyOrdered()), ...(await keyOrderedInMemory())],
  },
  latency: { about: 'publish to handler at fixed rates, percentiles', run: latency },
  scaling: { about: '1 to 1,000,000 aggregates, 1,000 topics, 1,000,000 messages waiting', run: scaling },
  outbox: { about: 'one relay on PostgreSQL, against the bare updates on the same server', run: outbox },
  'outbox-size': {
    about: 'how large the outbox gets while 2,500,000 events pass; by name only',
    run: outboxSize,
    onlyByName: true,
  },
  'held-memory': { about: 'heap after 1,000,000 distinct keys', run: heldMemory },
  soak: {
    about: 'memory at full load over minutes, flat or not; by name only',
    run: (_rounds, { adapter, minutes }) => soakSuite(adapter, minutes),
    onlyByName: true,
  },
  tracing: { about: 'what traces cost: nothing without an SDK, against spans with one', run: tracing },
};

/** The suites of docs/benchmarks.md. */
const FIGURES = [
  ...['unordered', 'ordered', 'pipeline-cost', 'sizes', 'pool', 'nats', 'kafka'],
  ...['peers', 'key-ordered', 'latency', 'scaling'],
];

const USAGE = `Usage: pnpm bench [suite ...] [--rounds <n>] [--json <file>] [--markdown <file>]
       pnpm bench figures
       pnpm bench quick
       pnpm bench --from <file> --markdown <file>

Suites, all by default that do not say otherwise:
${Object.entries(suites)
  .map(([name, { about }]) => `  ${name.padEnd(15)}${about}`)
  .join('\n')}

  --rounds <n>   rounds to take the median of (default 5)
  --json <file>  also writes the results there
  --markdown <file>  also writes them as a page
  --from <file>  measures nothing: the results are there
  figures        the suites of docs/benchmarks.md, which is made anew, with the figures of the README
  quick          every suite without a broker with few messages, to see that it runs

Of soak:
  --adapter <name>  ${ADAPTERS.join(', ')} (default memory)
  --minutes <n>     how long (default 10); ends with 1 if the profile is not flat`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      from: { type: 'string' },
      adapter: { type: 'string' },
      minutes: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.from !== undefined) return writePage(values.from, values.markdown);
  if (positionals[0] === 'quick') return printTable(await quick());
  if (positionals[0] === 'figures') {
    positionals.splice(0, 1, ...FIGURES);
    values.json ??= 'docs/benchmarks.json';
    values.markdown ??= 'docs/benchmarks.md';
  }
  const unknown = positionals.filter((name) => suites[name] === undefined);
  const rounds = Number(values.rounds ?? '5');
  const adapter = ADAPTERS.find((name) => name === (values.adapter ?? 'memory'));
  const minutes = Number(values.minutes ?? '10');
  const usable = Number.isInteger(rounds) && rounds > 0 && minutes > 0 && adapter !== undefined;
  if (values.help || unknown.length > 0 || !usable) {
    if (unknown.length > 0) console.error(`unknown suite: ${unknown.join(', ')}\n`);
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }

  console.log(machine());
  const warning = warningOfLoad();
  if (warning !== undefined) console.log(warning);
  const results = new Map<string, Row[]>();
  for (const [name, { about, run, onlyByName = false }] of Object.entries(suites)) {
    if (!positionals.includes(name) && (positionals.length > 0 || onlyByName)) continue;
    const begin = performance.now();
    process.stdout.write(`${name}: ${about} ... `);
    results.set(name, await run(rounds, { adapter, minutes }));
    console.log(`${((performance.now() - begin) / 1000).toFixed(1)} s`);
  }
  printTable(results);
  console.log(
    '\nRatios and costs are by processor time, those of the pool by the clock; medians of the rounds.',
  );
  if (results.get('soak')?.some(({ met }) => met === false)) process.exitCode = 1;
  const file = values.json;
  if (file === undefined) return;
  writeJson(file, ['pnpm bench', ...process.argv.slice(2)].join(' '), results);
  if (values.markdown !== undefined) writePage(file, values.markdown);
}

/** Also renews the figures of the README beside the folder of the page. */
function writePage(from: string, to = 'docs/benchmarks.md'): void {
  const results = JSON.parse(readFileSync(from, 'utf8')) as Results;
  writeFileSync(to, documentOf(results));
  const readme = join(dirname(to), '..', 'README.md');
  writeFileSync(readme, withSummary(readFileSync(readme, 'utf8'), results));
}

const [name, ...args] = process.argv.slice(2);
if (name === 'partition-member') await partitionMember(args);
else if (name === 'nest-process') await nestProcess(args);
else await main();
