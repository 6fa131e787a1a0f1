/** The side of a consumer that runs in a process of its own. */
import { createEventBus, type EventBus } from '@ebus/core';
import type { TransportPlugin } from '@ebus/core/driver';
import { Deferred } from '../test-kit/deferred.js';
import { event } from '../test-kit/events.js';
import type { CloseState, ProcessReport, ProcessTask } from './process-task.js';

const CLOSE_TIMEOUT_MS = 500;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Writing to a pipe is synchronous: what was told survives the process. */
const tell = (report: ProcessReport) => void process.stdout.write(`${JSON.stringify(report)}\n`);

/**
 * Does what a test of the suite asks of a process: call it in a program of yours, and name that in `Harness.program`.
 * The task is the program's last argument.
 */
export async function runProcess(transport: TransportPlugin): Promise<void> {
  const task: ProcessTask = JSON.parse(process.argv.at(-1) ?? '');
  const told = new Promise<void>((resolve) => process.once('message', () => resolve()));
  try {
    const { config, states } = task;
    const create = () => createEventBus(config, { plugins: [transport], logger: silent });
    if (states === undefined) return await consume(await create(), task);
    const buses = await Promise.all(states.map(async (state) => ({ state, bus: await create() })));
    await Promise.all(buses.map(({ state, bus }) => enter(bus, state, task)));
    tell({ kind: 'ready' });
    await told;
    await Promise.all(buses.map(close));
    // From here on nothing of the suite keeps the process alive.
    process.disconnect?.();
  } catch (error) {
    tell({ kind: 'failed', text: String(error instanceof Error ? error.stack : error) });
    process.exit(1);
  }
}

async function consume(bus: EventBus, task: ProcessTask): Promise<void> {
  const { topic, options, handles = Number.POSITIVE_INFINITY, blocksMs, untilAborted = false } = task;
  let begun = 0;
  let isAborted = false;
  await bus.subscribeEnvelope<{ sequence: number }>(
    topic,
    async ({ aggregateId, payload: { sequence } }, { signal }) => {
      begun++;
      tell({ kind: 'begun', aggregateId, sequence });
      if (begun > handles && !isAborted) {
        await new Promise<never>((_, reject) => {
          if (untilAborted) signal.addEventListener('abort', () => reject(signal.reason));
        }).finally(() => {
          isAborted = true;
        });
      }
      if (blocksMs !== undefined && begun === 1) block(blocksMs);
      tell({ kind: 'handled', aggregateId, sequence });
    },
    options,
  );
  tell({ kind: 'subscribed' });
}

async function close({ state, bus }: { state: CloseState; bus: EventBus }): Promise<void> {
  const began = performance.now();
  await bus.close({ timeout: CLOSE_TIMEOUT_MS });
  tell({ kind: 'closed', state, ms: Math.round(performance.now() - began) });
}

/** Brings a bus into the state in which it is to be closed. */
async function enter(bus: EventBus, state: CloseState, task: ProcessTask): Promise<void> {
  const { topic } = task;
  // Each has a group of its own, and so all events.
  const options = { ...task.options, group: `${bus.serviceName}-${state}` };
  if (state === 'lazy') {
    bus.subscribeEnvelope(topic, () => {}, options).catch(() => {});
    bus.publishEnvelope(topic, event('order-1', 1)).catch(() => {});
    return;
  }
  const begun = new Deferred();
  const subscription = await bus.subscribeEnvelope(
    topic,
    async () => {
      begun.resolve();
      if (state === 'halted') throw new Error('halt');
      if (state === 'busy') await new Promise<never>(() => {});
    },
    { ...options, ...(state === 'halted' ? { maxRetries: 0, onExhausted: 'halt' as const } : {}) },
  );
  if (state === 'paused') subscription.pause();
  await bus.publishEnvelope(topic, event('order-1', 1));
  if (state === 'paused') return;
  await begun.promise;
  if (state === 'halted') await until(() => subscription.stats().halted > 0);
  if (state === 'idle') await bus.idle({ timeout: '20s' });
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Nothing else runs in this process meanwhile, renewing leases included. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
