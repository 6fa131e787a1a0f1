/** What the program is told. */
import { parseArgs } from 'node:util';

export interface Arguments {
  readonly port: number;
  /** Ends by itself then; without, at Ctrl-C. */
  readonly seconds: number | undefined;
}

const USAGE = 'usage: npm run demo -- console [--port 8080] [--seconds <n>]';

/** Ends the process with the usage for what it does not understand. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const options = { port: { type: 'string', default: '8080' }, seconds: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const port = Number(values.port);
    const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`--port ${values.port} is no port`);
    if (seconds !== undefined && !(seconds > 0)) throw new Error(`--seconds ${values.seconds} is no time`);
    return { port, seconds };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}
