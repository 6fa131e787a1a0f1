/** The command line: `npm run demo -- [transport] [--work <ms>]`. */
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run demo -- [transport] [options]

  transport      memory (default): in this process, nothing else needed
  --work <ms>    how long each handler waits, as for a database (default 1)
  --help         this text`;

/** What is planned; named here so that asking for it gets a better answer than "unknown". */
const PLANNED = ['nats', 'kafka'];

/** Wrong arguments; the message is for the person at the terminal. */
export class UsageError extends Error {}

export interface Arguments {
  readonly transport: 'memory';
  /** Simulated I/O per event in milliseconds. */
  readonly work: number;
  readonly help: boolean;
}

/** @throws UsageError */
export function parseArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [transport = 'memory', ...rest] = positionals;
  if (PLANNED.includes(transport)) {
    throw new UsageError(`${transport} is not available yet: this version runs on 'memory' only`);
  }
  if (transport !== 'memory') throw new UsageError(`unknown transport '${transport}'; use 'memory'`);
  if (rest.length > 0) throw new UsageError(`unexpected argument '${rest[0]}'`);
  const work = Number(values.work ?? '1');
  if (!Number.isInteger(work) || work < 0 || work > 1000) {
    throw new UsageError(`--work must be a whole number of milliseconds, 0 to 1000, not '${values.work}'`);
  }
  return { transport, work, help: values.help ?? false };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { work: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
