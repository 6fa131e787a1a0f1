/** The reference of the command `ebus`, from its own help, exit codes and checks. */
import { CHECKS } from '../../../packages/cli/src/doctor/checks/index.js';
import { CONNECTION_CHECKS, judge, noConnection } from '../../../packages/cli/src/doctor/judge.js';
import { EXIT, EXIT_MEANS, type ExitCode } from '../../../packages/cli/src/exit-codes.js';
import { describedProgram } from '../../../packages/cli/src/run.js';
import { ILL } from '../../../packages/cli/src/testing/ill.js';
import { seen } from '../../../packages/cli/src/testing/seen.js';
import { page, table } from './page.js';

type Command = ReturnType<typeof describedProgram>;
type Option = Command['options'][number];

/** Every command that does something, with its words. */
export function commands(): readonly (readonly [words: string, command: Command])[] {
  const program = describedProgram();
  const leaves = (command: Command, before: string): (readonly [string, Command])[] => {
    const words = `${before} ${command.name()}`;
    return command.commands.length === 0
      ? [[words, command]]
      : command.commands.flatMap((one) => leaves(one, words));
  };
  return program.commands.flatMap((command) => leaves(command, program.name()));
}

export function commandPage(): string {
  const program = describedProgram();
  return page(
    'The command `ebus`',
    'Guides: [operating](../guides/operating.md), [it is three in the morning](../guides/three-in-the-morning.md).',
    '## Options of every command',
    optionTable(program),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      Object.values(EXIT).map((code) => [String(code), EXIT_MEANS[code as ExitCode]]),
    ),
    '## Commands',
    ...commands().flatMap(([words, command]) => commandParts(words, command)),
    '## Findings of the doctor',
    'The remedies are those for a topic `orders`. Each finding has the values that were seen.',
    table(
      ['what is wrong', 'finding', 'severity', 'remedy'],
      [...CONNECTION_CHECKS, ...CHECKS].map(({ code, severity, means }) => [
        means,
        `\`${code}\``,
        severity,
        remedyOf(code),
      ]),
    ),
  );
}

/** As it is told of a bus that has that alone. */
function remedyOf(code: string): string {
  const of: Readonly<Record<string, string>> = {
    'no-connection': noConnection('CONNECTION_FAILED', '').remedy,
    'login-refused': noConnection('UNAUTHORIZED', '').remedy,
  };
  const [, topic, over] = ILL.find(([finding]) => finding.endsWith(` ${code}`)) ?? [];
  const found = topic === undefined ? [] : judge(seen(topic, over));
  return of[code] ?? found.find((finding) => finding.code === code)?.remedy ?? '';
}

function commandParts(words: string, command: Command): string[] {
  const usage = `${words} ${command.usage().replace('[options]', '').trim()}`.trim();
  const { options } = command;
  return [
    `### ${words}`,
    `\`\`\`text\n${usage}\n\`\`\``,
    sentence(command.description()),
    ...(options.length === 0 ? [] : [optionTable(command)]),
  ];
}

function optionTable({ options }: Command): string {
  return table(
    ['option', 'meaning', 'default'],
    options.map((option) => [`\`${option.flags}\``, option.description, defaultOf(option)]),
  );
}

function defaultOf({ defaultValue, negate }: Option): string {
  if (defaultValue === undefined || negate || Array.isArray(defaultValue)) return '';
  return `\`${String(defaultValue)}\``;
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
