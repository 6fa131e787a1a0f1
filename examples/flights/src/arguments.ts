/** The command line of the demo: `[--work <ms>]`, and `--config <file>` where the program reads one. */
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run demo -- [transport] [options]

  transport      memory (default): in this process, nothing else needed
                 nats: on a nats-server, which is started for the demo
                 kafka: on a Kafka broker, likewise
  --config <file>
                 as a configuration file says, instead of a transport; examples/flights/flights.yaml is one
  --work <ms>    how long each handler waits, as for a database (default 1)
  --help         this text`;

/** Wrong arguments; the message is for the person at the terminal. */
export class UsageError extends Error {}

export interface Arguments {
  /** Simulated I/O per event in milliseconds. */
  readonly work: number;
  readonly help: boolean;
  /** Only of programs that read one, and then always. */
  readonly config?: string;
}

export interface ArgumentsOptions {
  /** Whether the program reads a configuration file. */
  readonly config?: boolean;
}

/** @throws UsageError */
export function parseArguments(args: readonly string[], options: ArgumentsOptions = {}): Arguments {
  const values = parse(args, options);
  const work = Number(values.work ?? '1');
  if (!Number.isInteger(work) || work < 0 || work > 1000) {
    throw new UsageError(`--work must be a whole number of milliseconds, 0 to 1000, not '${values.work}'`);
  }
  const { config, help = false } = values;
  if (options.config === true && !help && config === undefined) throw new UsageError('--config needs a file');
  return { work, help, ...(config === undefined ? {} : { config }) };
}

function parse(args: readonly string[], { config }: ArgumentsOptions) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        work: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        config: { type: 'string' },
      },
    });
    if (config !== true && values.config !== undefined) throw new UsageError("Unknown option '--config'");
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
