/** A bus for one run of the command. */
import { createEventBus, type EventBus, type EventBusConfig, type Logger } from '@ebus/core';
import { reasonOf } from '@ebus/core/driver';
import type { Io } from './io/io.js';
import { Output, toJson } from './io/output.js';
import { Progress } from './io/progress.js';
import { printable } from './io/table.js';
import { forLooking, type GlobalOptions, readSettings, type Settings } from './settings.js';

/** The parts that commands work with. */
export interface Session {
  readonly bus: EventBus;
  readonly settings: Settings;
  readonly output: Output;
  readonly io: Io;
}

const CLOSE_MS = 5_000;

/** Connects, runs the work, and closes, also where it fails or Ctrl-C ends it. Nothing is started or changed by connecting. */
export async function withBus<T>(
  io: Io,
  options: GlobalOptions,
  work: (session: Session) => Promise<T>,
  change: (config: EventBusConfig) => EventBusConfig = forLooking,
): Promise<T> {
  const settings = await readSettings(io, options);
  const output = new Output(io, options.json === true);
  const progress = new Progress(io);
  progress.tell(`connecting to ${settings.config.type}`);
  const bus = await createEventBus(change(settings.config), {
    plugins: settings.plugins,
    autoStart: false,
    logger: loggerFor(io, options.verbose === true),
    signal: io.signal,
  }).finally(() => progress.end());
  const onInterrupt = () => void bus.close({ timeout: 0 });
  io.signal.addEventListener('abort', onInterrupt, { once: true });
  try {
    return await work({ bus, settings, output, io });
  } finally {
    io.signal.removeEventListener('abort', onInterrupt);
    await bus.close({ timeout: CLOSE_MS });
  }
}

/** The library's own messages, for `--verbose`: its warnings concern services, and errors are told by the command. */
function loggerFor(io: Io, isVerbose: boolean): Logger {
  const at =
    (level: string) =>
    (...args: unknown[]) => {
      if (!isVerbose) return;
      const texts = args.map((arg) => (typeof arg === 'string' ? arg : toJson(withReasons(arg))));
      io.err(`${level}: ${printable(texts.reverse().join(' '))}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warning'), error: at('error') };
}

/** Errors have nothing that JSON would write. */
function withReasons(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null) return fields;
  const shown = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? reasonOf(value) : value,
  ]);
  return Object.fromEntries(shown);
}
