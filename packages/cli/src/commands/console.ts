/** `ebus console`: the page that shows and repairs a bus, in a browser. */
import type { EventBusConfig, Logger } from '@ebus/core';
import { type ConsoleOptions, consoleHandler } from '@ebus/health-http/console';
import type { Command } from 'commander';
import { integer } from '../arguments.js';
import type { Context } from '../run.js';
import { collect } from '../run-options.js';
import { type Session, withBus } from '../session.js';
import { forLooking } from '../settings.js';
import { consoleServer, isLoopbackHost, newToken } from './console-server.js';

const DEFAULT_PORT = '7070';

interface Choices {
  readonly port: string;
  readonly host: string;
  readonly allowActions?: boolean;
  readonly mask: readonly string[];
  readonly traceLink?: string;
  readonly allowedHost: readonly string[];
}

/** Adds `console`: serves the page until Ctrl-C. The broker may be away: the page shows that, and waits for it. */
export function addConsole(program: Command, context: Context): void {
  const { io } = context;
  program
    .command('console')
    .description('a page in the browser: topics, lag, parked keys, dead letters; until Ctrl-C')
    .option('-p, --port <port>', 'where to listen; 0: any free one', DEFAULT_PORT)
    .option('--host <address>', 'the address for that; a token is made for any other', '127.0.0.1')
    .option('--allow-actions', 'redrive and delete; without it the page only shows')
    .option(
      '--mask <name>',
      'hide the values of that field or header; may be given several times',
      collect,
      [],
    )
    .option('--trace-link <address>', 'where traces are shown, with {traceId} in it')
    .option('--allowed-host <name>', 'a further name to answer for; may be given several times', collect, [])
    .addHelpText('after', '\nEBUS_CONSOLE_TOKEN sets the token; at least 16 characters.\n')
    .action(async (choices: Choices, command: Command) => {
      const port = integer('--port', choices.port, 0);
      // A broker that is away is shown, and waited for.
      await withBus(
        io,
        command.optsWithGlobals(),
        (session) => serve(session, choices, port),
        (config) => ({
          ...forLooking(config),
          connect: 'lazy',
        }),
      );
    });
}

async function serve({ bus, settings, io, output }: Session, choices: Choices, port: number): Promise<void> {
  const { host, allowActions = false } = choices;
  const given = io.env.EBUS_CONSOLE_TOKEN;
  const token = given !== undefined && given !== '' ? given : isLoopbackHost(host) ? undefined : newToken();
  const page = consoleHandler(bus, {
    ...optionsOf(settings.config, choices),
    allowActions,
    ...(token === undefined ? {} : { token }),
    logger: loggerOf((text) => output.note(text)),
  });
  const server = await consoleServer(page, { host, port });
  try {
    const url = token === undefined ? server.url : `${server.url}#token=${encodeURIComponent(token)}`;
    const rights = allowActions
      ? 'It may redrive and delete.'
      : 'It only shows; --allow-actions lets it redrive and delete.';
    output.show({ url, allowActions }, () => `${url}\n\n${rights} Ctrl-C ends it.\n`);
    await aborted(io.signal);
  } finally {
    page.close();
    await server.close();
  }
}

/** The section of the service, and over it what was given. */
function optionsOf(config: EventBusConfig, { mask, traceLink, allowedHost }: Choices): ConsoleOptions {
  const { healthHttp = {} } = config as { healthHttp?: { ui?: ConsoleOptions } };
  const names = [...((healthHttp.ui?.mask as readonly string[] | undefined) ?? []), ...mask];
  const link = traceLink ?? healthHttp.ui?.traceLink;
  return {
    ...(names.length === 0 ? {} : { mask: names }),
    ...(link === undefined ? {} : { traceLink: link }),
    ...(allowedHost.length === 0 ? {} : { allowedHosts: allowedHost }),
  };
}

/** Actions are told to the person at the terminal, and so are failures. */
function loggerOf(note: (text: string) => void): Logger {
  const tell = (fields: unknown, text?: unknown) => {
    const { action, topic, about } = (typeof fields === 'object' ? fields : {}) as Record<
      string,
      string | undefined
    >;
    note([text ?? fields, action, topic, about].filter((part) => part !== undefined).join(' '));
  };
  return { debug() {}, info: tell, warn: tell, error: tell };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
