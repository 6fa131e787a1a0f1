/** The command line. */
import { parseArgs } from 'node:util';

export const TRANSPORTS = ['memory', 'nats', 'kafka'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

export interface Arguments {
  readonly transport: TransportName;
  readonly port: number;
  readonly host: string;
  /** The program ends by itself then; without, at Ctrl-C. */
  readonly seconds: number | undefined;
}

const USAGE = `usage: npm run demo -- orders [${TRANSPORTS.join('|')}] [--port 8090] [--host 127.0.0.1] [--seconds <n>]`;

/** Ends the process with the usage for an argument that it does not know. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '8090' },
        host: { type: 'string', default: '127.0.0.1' },
        seconds: { type: 'string' },
      },
    });
    const [transport = 'memory', ...more] = positionals;
    const port = Number(values.port);
    const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
    if (more.length > 0) throw new Error(`one transport, not ${positionals.join(' ')}`);
    if (!isTransport(transport)) throw new Error(`there is no transport '${transport}'`);
    if (!Number.isInteger(port) || port < 0) throw new Error(`--port ${values.port} is no port`);
    if (seconds !== undefined && !(seconds > 0)) throw new Error(`--seconds ${values.seconds} is no time`);
    return { transport, port, host: values.host, seconds };
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

const isTransport = (name: string): name is TransportName => (TRANSPORTS as readonly string[]).includes(name);
