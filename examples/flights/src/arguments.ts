/** The command line of the demo: `[--work <ms>]`. Which transport it runs on, the command that started it knows. */
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run demo -- [transport] [options]

  transport      memory (default): in this process, nothing else needed
                 nats: on a nats-server, which is started for the demo
                 kafka: on a Kafka broker, likewise
  --work <ms>    how long each handler waits, as for a database (default 1)
  --help         this text`;

/** Wrong arguments; the message is for the person at the terminal. */
export class UsageError extends Error {}

export interface Arguments {
  /** Simulated I/O per event in milliseconds. */
  readonly work: number;
  readonly help: boolean;
}

/** @throws UsageError */
export function parseArguments(args: readonly string[]): Arguments {
  const values = parse(args);
  const work = Number(values.work ?? '1');
  if (!Number.isInteger(work) || work < 0 || work > 1000) {
    throw new UsageError(`--work must be a whole number of milliseconds, 0 to 1000, not '${values.work}'`);
  }
  return { work, help: values.help ?? false };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { work: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
