/** Runs the command once: arguments in, exit code out. */
import { createRequire } from 'node:module';
import { ConfigError, EbusError, type ErrorCode } from '@ebus/core';
import { reasonOf } from '@ebus/core/driver';
import { Command, CommanderError } from 'commander';
import { addCompletions } from './commands/completions.js';
import { addConfig } from './commands/config.js';
import { addConsole } from './commands/console.js';
import { addDlq } from './commands/dlq.js';
import { addDoctor } from './commands/doctor.js';
import { addGroups } from './commands/groups.js';
import { addLag } from './commands/lag.js';
import { addPublish } from './commands/publish.js';
import { addTail } from './commands/tail.js';
import { addTopics } from './commands/topics.js';
import { CliError } from './errors.js';
import { EXIT, EXIT_MEANS, type ExitCode } from './exit-codes.js';
import type { Io } from './io/io.js';
import { printable } from './io/table.js';
import { collect } from './run-options.js';
import { FILES } from './settings.js';

/** The rest of a run that a command decides about. */
export interface Context {
  readonly io: Io;
  /** Of commands that look for something. Default: `ok`. */
  end(code: ExitCode): void;
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const COMMANDS = [
  ...[addTopics, addGroups, addLag, addTail, addPublish, addDlq, addConfig, addDoctor],
  addConsole,
  addCompletions,
];

const EXIT_CODES = `
Exit codes:
${Object.entries(EXIT_MEANS)
  .map(([code, means]) => `  ${code.padEnd(4)} ${means}`)
  .join('\n')}

https://github.com/ebus-js/ebus/blob/main/docs/guides/operating.md
`;

/** Never rejects. Errors are sentences on standard error; `--verbose` shows their stacks. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = newProgram(io, (to) => {
    code = to;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (io.signal.aborted) return EXIT.interrupted;
    // Its text was written already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    io.err(`ebus: ${sentence(error)}\n`);
    if (program.opts().verbose === true && error instanceof Error) io.err(`${error.stack}\n`);
    return exitCodeOf(error);
  }
}

/** The commands as they are described: for the documentation and for completions. Nothing of it may be run. */
export function describedProgram(): Command {
  return newProgram({ out() {}, err() {} } as unknown as Io, () => {});
}

function newProgram(io: Io, end: Context['end']): Command {
  const program = new Command('ebus')
    .description('Looks after an event bus: its topics, groups, messages, dead letters and configuration.')
    .option(
      '-c, --config <file>',
      `the service's configuration (default: $EBUS_CONFIG, else ${FILES[0]} and the like)`,
    )
    .option('-e, --environment <name>', 'which of its environments')
    .option('--plugin <module>', 'a further adapter: a package or file; may be given several times', collect)
    .option('--json', 'JSON instead of tables')
    .option('--verbose', 'the messages of the library, and stacks of errors')
    .version(version, '-V, --version')
    .showHelpAfterError('(add --help for all options)')
    .addHelpText('after', EXIT_CODES);
  const context: Context = { io, end };
  for (const add of COMMANDS) add(program, context);
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ]) {
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({ writeOut: io.out, writeErr: io.err });
  }
  return program;
}

function sentence(error: unknown): string {
  return printable(reasonOf(error)).replaceAll('\\u000a', '\n');
}

/** Errors of the library about a value that was given to the command. */
const WRONG_ARGUMENTS: ReadonlySet<ErrorCode> = new Set([
  'ENVELOPE_INVALID',
  'INVALID_ARGUMENT',
  'TOPIC_NAME_INVALID',
]);

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (ConfigError.isInstance(error)) return EXIT.usage;
  return EbusError.isInstance(error) && WRONG_ARGUMENTS.has(error.code) ? EXIT.usage : EXIT.failed;
}
