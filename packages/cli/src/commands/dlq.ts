/** `ebus dlq`: dead letters, looked at, redriven and deleted. */
import type { DeadLetter, ParkedKeySummary } from '@ebus/core';
import type { Command } from 'commander';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { confirm } from '../io/confirm.js';
import { formatPlace } from '../io/format.js';
import { cut } from '../io/table.js';
import { letterData, letterText } from '../message-view.js';
import type { Context } from '../run.js';
import { withBus } from '../session.js';
import {
  type Choices,
  criteria,
  expectPosition,
  expectTopic,
  letterAt,
  limitOf,
  most,
  place,
  whereOf,
  whichOf,
  yes,
} from './dlq-choices.js';
import { addPark } from './dlq-park.js';
import { addRedrive } from './dlq-redrive.js';

const HEAD = ['position', 'failed at', 'group', 'key', 'attempts', 'code', 'error'];
const KEYS_HEAD = ['key', 'group', 'letters', 'since', 'code', 'error'];
const ERROR_LENGTH = 80;

/** Letters and keys of a list, where no other limit was given. */
const LISTED = 100;

/** Adds `dlq list`, `keys`, `show`, `redrive`, `park` and `delete`. The last three ask first; exit code 3 for letters that could not be redriven. */
export function addDlq(program: Command, context: Context): void {
  const { io } = context;
  const dlq = program.command('dlq').description('dead letters of a topic, or of a dead-letter topic');
  criteria(dlq.command('list <topic>'))
    .description('the oldest that were not redriven yet (default: 100)')
    .addOption(place())
    .action(async (topic: string, choices: Choices, command: Command) => {
      const limit = limitOf(choices) ?? LISTED;
      await withBus(io, command.optsWithGlobals(), async (session) => {
        const { bus, output } = session;
        const where = whereOf(choices, io.signal);
        const found = await bus.deadLetters.list(topic, { ...whichOf(choices), ...where, limit: limit + 1 });
        if (found.length === 0) await expectTopic(session, topic);
        const letters = found.slice(0, limit);
        if (output.isJson) output.show(letters.map(letterData), () => '');
        else output.list(letters, HEAD, rowOf, `no dead letters of '${topic}'`);
        if (found.length > limit) output.note(moreThan(limit, 'dead letters'));
      });
    });
  dlq
    .command('keys <topic>')
    .description('parked keys (default: 100): their messages wait until the key is redriven')
    .addOption(most())
    .addOption(place())
    .action(async (topic: string, choices: Choices, command: Command) => {
      const limit = limitOf(choices) ?? LISTED;
      await withBus(io, command.optsWithGlobals(), async (session) => {
        const { bus, output } = session;
        const found = await bus.deadLetters.keys(topic, { ...whereOf(choices, io.signal), limit: limit + 1 });
        if (found.length === 0) await expectTopic(session, topic);
        output.list(found.slice(0, limit), KEYS_HEAD, keyRowOf, `no parked keys of '${topic}'`);
        if (found.length > limit) output.note(moreThan(limit, 'parked keys'));
      });
    });
  dlq
    .command('show <topic> <position>')
    .description('one letter: error, headers, value')
    .addOption(place())
    .action(async (topic: string, position: string, choices: Choices, command: Command) => {
      expectPosition(position);
      await withBus(io, command.optsWithGlobals(), async (session) => {
        const letter = await letterAt(session, topic, position, choices);
        session.output.show(letterData(letter), () => letterText(letter));
      });
    });
  addRedrive(dlq, context);
  addPark(dlq, context);
  dlq
    .command('delete <topic> <position>')
    .description('delete one letter for good')
    .addOption(place())
    .addOption(yes())
    .action(async (topic: string, position: string, choices: Choices, command: Command) => {
      expectPosition(position);
      await withBus(io, command.optsWithGlobals(), async (session) => {
        const letter = await letterAt(session, topic, position, choices);
        if (choices.yes !== true) io.err(letterText(letter));
        await confirm(io, choices.yes === true, `Delete the letter at ${position} of '${topic}' for good`);
        const isDeleted = await session.bus.deadLetters.delete(topic, letter, whereOf(choices, io.signal));
        if (!isDeleted) throw new CliError(`the letter at ${position} is gone already`, EXIT.failed);
        session.output.show({ topic, position, deleted: true }, () => `deleted ${position}\n`);
      });
    });
}

const moreThan = (limit: number, what: string) =>
  `these are the ${limit} oldest; there are more ${what}: --limit`;

function rowOf({ message, failedAt, group, attempts, errorCode, errorMessage }: DeadLetter) {
  return [
    formatPlace(message.position),
    failedAt?.toISOString(),
    group,
    message.key,
    attempts,
    errorCode,
    cut(errorMessage ?? '', ERROR_LENGTH),
  ];
}

function keyRowOf({ key, group, letters, since, errorCode, errorMessage }: ParkedKeySummary) {
  return [key, group, letters, since?.toISOString(), errorCode, cut(errorMessage ?? '', ERROR_LENGTH)];
}
