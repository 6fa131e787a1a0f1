/** One process of a run: a producer or a consumer. Its task is its last argument. */
import { writeSync } from 'node:fs';
import { createEventBus, type EventBus } from '@ebus/core';
import { transportOf } from './adapters/transport.js';
import { consume } from './consumer.js';
import { produce } from './producer.js';
import { now, type Task } from './reports.js';
import { stalled } from './sleeps.js';

/** Written at once: what was told survives the process. */
function tell(kind: string, ...rest: readonly unknown[]): void {
  const line = Buffer.from(`${JSON.stringify([now(), kind, ...rest])}\n`);
  for (let written = 0; written < line.length; ) {
    try {
      written += writeSync(1, line, written);
    } catch (error) {
      // The reader is slower than this process for a moment.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** A line of the log: fields and text, or text alone. */
function shown(line: readonly unknown[]): string {
  const [fields, message] = line.length > 1 ? line : [{}, line[0]];
  const { err, ...rest } = fields as { err?: Error };
  return `${message} ${JSON.stringify(rest)} ${err?.message ?? ''}`.slice(0, 400);
}

const BEAT_MS = 250;
/** Without a beat for so long, this process did not run, or was too busy to notice anything. */
const STALLED_MS = 1_000;

function noticeStalls(): void {
  let before = now();
  setInterval(() => {
    const gap = now() - before;
    before += gap;
    if (gap > STALLED_MS) tell('event', stalled(gap));
  }, BEAT_MS).unref();
}

async function main(task: Task): Promise<void> {
  noticeStalls();
  const logger = {
    debug: (...line: unknown[]) => tell('event', `debug: ${shown(line)}`),
    info() {},
    warn: (...line: unknown[]) => tell('event', `warn: ${shown(line)}`),
    error: (...line: unknown[]) => tell('event', `error: ${shown(line)}`),
  };
  const bus: EventBus = await createEventBus(task.config, {
    plugins: [await transportOf(String(task.config.type))],
    logger,
  });
  const told = new Promise<void>((resolve) => process.once('message', () => resolve()));
  const stop = task.role === 'producer' ? produce(bus, task, tell) : await consume(bus, task, tell);
  tell('ready', task.name);
  await told;
  await stop();
  await bus.close({ timeout: '10s' });
  tell('stopped', task.name);
  process.exit(0);
}

main(JSON.parse(process.argv.at(-1) ?? '')).catch((error: unknown) => {
  tell('trouble', String(error instanceof Error ? error.stack : error));
  process.exit(1);
});
