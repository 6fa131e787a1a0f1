/** `ebus doctor`: what is wrong, or will be. */
import { ConfigError, EbusError } from '@ebus/core';
import { reasonOf } from '@ebus/core/driver';
import { type Command, Option } from 'commander';
import { type Finding, isIll } from '../doctor/finding.js';
import { judge, noConnection } from '../doctor/judge.js';
import { lookAround } from '../doctor/look.js';
import type { Role } from '../doctor/seen.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io/io.js';
import { Output } from '../io/output.js';
import { printable } from '../io/table.js';
import type { Context } from '../run.js';
import { withBus } from '../session.js';
import type { GlobalOptions } from '../settings.js';

/** Adds `doctor`: exit code 3 for an error or a warning. A broker that cannot be reached is a finding too. */
export function addDoctor(program: Command, context: Context): void {
  const { io } = context;
  program
    .command('doctor [topics...]')
    .description(
      'connection, permissions, topics against their promises, groups, dead letters; changes nothing',
    )
    .addOption(
      new Option(
        '--role <role>',
        'what the service does with these topics: further permissions are not missed',
      )
        .choices(['publisher', 'consumer', 'both'])
        .default('both'),
    )
    .action(async (topics: string[], { role }: { role: Role }, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const findings = await examine(io, options, topics, role);
      const output = new Output(io, options.json === true);
      if (findings.length === 0) output.note('nothing was found');
      if (findings.length > 0 || output.isJson) output.show(findings, () => findings.map(textOf).join('\n'));
      if (isIll(findings)) context.end(EXIT.found);
    });
}

async function examine(
  io: Io,
  options: GlobalOptions,
  topics: readonly string[],
  role: Role,
): Promise<Finding[]> {
  let isConnected = false;
  try {
    return await withBus(io, options, async (session) => {
      isConnected = true;
      const seen = await lookAround(session, topics, role);
      // Questions that Ctrl-C has ended are no findings.
      io.signal.throwIfAborted();
      return judge(seen);
    });
  } catch (error) {
    if (isConnected || io.signal.aborted || !EbusError.isInstance(error) || ConfigError.isInstance(error))
      throw error;
    return [noConnection(error.code, reasonOf(error))];
  }
}

function textOf({ severity, code, about, evidence, remedy }: Finding): string {
  const lines = [`${severity.toUpperCase()}  ${about}: ${evidence}`, `  do: ${remedy}`, `  code: ${code}`];
  return `${lines.map(printable).join('\n')}\n`;
}
