/** Memory over minutes at full load: flat or not. By name only, since it takes minutes. */
import type { Row } from '../report.js';
import { type Adapter, soakBroker } from '../soak/brokers.js';
import { judge, type Sample } from '../soak/judge.js';
import type { Load } from '../soak/load.js';
import { soak } from '../soak/soak.js';

const AGGREGATES = 100_000;
/** Between two lines that are printed. */
const TELL_SECONDS = 30;

export async function soakSuite(adapter: Adapter, minutes: number): Promise<Row[]> {
  await using broker = await soakBroker(adapter);
  console.log(`\n\n${HEAD.map((title) => title.padStart(WIDTH)).join('')}`);
  let told = Number.NEGATIVE_INFINITY;
  const onSample = (sample: Sample, load: Load) => {
    if (sample.seconds - told < TELL_SECONDS) return;
    told = sample.seconds;
    console.log(
      cells(sample, load)
        .map((cell) => cell.padStart(WIDTH))
        .join(''),
    );
  };
  const { samples, load, guests } = await soak(broker, { minutes, onSample });
  const { published, aggregates, failures, deadLettered } = load;
  const seconds = samples.at(-1)?.seconds ?? 0;
  const judgements = judge(samples);
  const flat = judgements.every(({ flat }) => flat);
  return [
    {
      contender: `${adapter}, ${minutes} min, ${number(published)} events: ${flat ? 'flat' : 'NOT FLAT'}`,
      perSecond: Math.round(published / seconds),
      against: 'distinct aggregates',
      figure: number(aggregates),
      target: `>= ${number(AGGREGATES)}`,
      met: aggregates >= AGGREGATES,
    },
    { against: 'failed attempts, dead letters', figure: `${number(failures)}, ${number(deadLettered)}` },
    { against: 'guests, events that they handled', figure: `${guests}, ${number(load.handled.guests)}` },
    ...judgements.map(({ measure, second, last, growth, limit, flat }) => ({
      against: `${measure}, last third against second: ${mebibytes(second)} -> ${mebibytes(last)} MiB`,
      figure: `${growth < 0 ? '' : '+'}${(growth * 100).toFixed(1)} %`,
      target: `<= ${limit * 100} %`,
      met: flat,
    })),
  ];
}

const WIDTH = 14;
const HEAD = ['s', 'events', 'aggregates', 'heap MiB', 'external', 'buffers', 'RSS MiB'];

const cells = (sample: Sample, { aggregates }: Load): string[] => [
  sample.seconds.toFixed(0),
  number(sample.events),
  number(aggregates),
  ...[sample.heapUsed, sample.external, sample.arrayBuffers, sample.rss].map(mebibytes),
];

const number = (value: number) => value.toLocaleString('en-US');
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
