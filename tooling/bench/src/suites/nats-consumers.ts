/** What a NATS server saves where the topics of a service share one consumer, instead of having one each. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEventBus } from '@ebus/core';
import { nats } from '@ebus/nats';
import { type Service, startService } from '@ebus/services';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown } from '../pipelined.js';
import type { Row } from '../report.js';

const TOPIC_COUNTS = [5, 50, 500];
const MESSAGES = 20_000;
const IDLE_MS = 5_000;
const KEYS = aggregateIds(1000);
const MIB = 2 ** 20;
/** Of `/proc/<pid>/stat`: a hundred a second on Linux, whatever the kernel's own rate. */
const TICKS_PER_SECOND = 100;

/** What a server had done when it was asked. */
interface ServerFigures {
  readonly apiRequests: number;
  readonly bytesHeld: number;
  /** `undefined` where the server is no process of this machine. */
  readonly processorSeconds: number | undefined;
}

interface Load {
  readonly apiRequests: number;
  readonly mebibytes: number;
  readonly idle: number | undefined;
  readonly busy: number | undefined;
}

/** Medians do not apply: every figure is of a server of its own, measured once. */
export async function natsConsumers(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of TOPIC_COUNTS) {
    const each = await loadOf(count, false);
    const shared = await loadOf(count, true);
    rows.push(
      figure(`${count} topics`, 'API requests to subscribe', each.apiRequests, shared.apiRequests),
      figure('', 'MiB more held by the server', each.mebibytes, shared.mebibytes),
      figure('', `server CPU ms in ${IDLE_MS / 1000} s without messages`, each.idle, shared.idle),
      figure('', `server CPU ms for ${MESSAGES.toLocaleString('en-US')} messages`, each.busy, shared.busy),
    );
  }
  return rows;
}

function figure(contender: string, what: string, each: number | undefined, shared: number | undefined): Row {
  const text = (value: number | undefined) => (value === undefined ? '?' : value.toFixed(0));
  return { contender, against: what, figure: `${text(each)} -> ${text(shared)}` };
}

async function loadOf(count: number, shared: boolean): Promise<Load> {
  const server = await startService('nats', { own: true, log: () => {} });
  const topics = Array.from({ length: count }, (_, i) => `bench.t${i}`);
  const stream = { name: 'bench', subjects: ['bench.>'], storage: 'memory' as const };
  const consumer = shared ? { topics } : {};
  const config = { urls: [...server.addresses], jetstream: { stream, consumer } };
  const bus = await createEventBus({ type: 'nats', serviceName: 'bench', nats: config }, { plugins: [nats] });
  try {
    await bus.publishEnvelope('bench.other', envelopeNumber(0, KEYS)); // makes the stream
    const before = await figuresOf(server);
    const countdown = new Countdown();
    const handle = () => countdown.hit();
    for (const topic of topics) await bus.subscribeEnvelope(topic, handle);
    const subscribed = await figuresOf(server);
    await sleep(IDLE_MS);
    const rested = await figuresOf(server);
    const handled = countdown.start(MESSAGES);
    await publishRoundRobin(topics, (topic, i) => bus.publishEnvelope(topic, envelopeNumber(i, KEYS)));
    await handled;
    const done = await figuresOf(server);
    return {
      apiRequests: subscribed.apiRequests - before.apiRequests,
      mebibytes: (rested.bytesHeld - before.bytesHeld) / MIB,
      idle: milliseconds(subscribed, rested),
      busy: milliseconds(rested, done),
    };
  } finally {
    await bus.close();
    await server.close();
  }
}

async function publishRoundRobin(
  topics: readonly string[],
  publish: (topic: string, index: number) => Promise<unknown>,
): Promise<void> {
  const all: Promise<unknown>[] = [];
  for (let i = 0; i < MESSAGES; i++) all.push(publish(topics[i % topics.length] ?? '', i));
  await Promise.all(all);
}

async function figuresOf(server: Service): Promise<ServerFigures> {
  const [jetstream, pids] = await Promise.all([read(server, 'jsz'), server.pids()]);
  const { api } = jetstream as { api: { total: number } };
  const { mem } = (await read(server, 'varz')) as { mem: number };
  return { apiRequests: api.total, bytesHeld: mem, processorSeconds: processorSeconds(pids[0]) };
}

async function read({ monitoring }: Service, page: string): Promise<unknown> {
  const response = await fetch(`${monitoring[0]}/${page}`);
  if (!response.ok) throw new Error(`the server's monitoring answered ${response.status} for /${page}`);
  return response.json();
}

/** User and system time of a process; proc(5), fields 14 and 15, counted after the name in brackets. */
function processorSeconds(pid: number | null | undefined): number | undefined {
  if (process.platform !== 'linux' || typeof pid !== 'number') return undefined;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function milliseconds(from: ServerFigures, to: ServerFigures): number | undefined {
  if (from.processorSeconds === undefined || to.processorSeconds === undefined) return undefined;
  return (to.processorSeconds - from.processorSeconds) * 1e3;
}
