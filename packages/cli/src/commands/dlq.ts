/** `ebus dlq`: dead letters, looked at, redriven and deleted. */
import { type DeadLetter, type LetterCriteria, type RedriveProgress, systemClock } from '@ebus/core';
import { linkedSignal } from '@ebus/core/driver';
import { type Command, Option } from 'commander';
import { duration, integer, parsePosition } from '../arguments.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { confirm } from '../io/confirm.js';
import { formatPlace } from '../io/format.js';
import { Progress } from '../io/progress.js';
import { cut, printable, table } from '../io/table.js';
import { letterData, letterText } from '../message-view.js';
import type { Context } from '../run.js';
import { type Session, withBus } from '../session.js';

const HEAD = ['position', 'failed at', 'group', 'key', 'attempts', 'code', 'error'];
const ERROR_LENGTH = 80;
/** A letter is looked for among so many. */
const MOST = 1_000_000;

interface Choices {
  readonly key?: string;
  readonly group?: string;
  readonly errorCode?: string;
  readonly eventType?: string;
  readonly aggregateId?: string;
  readonly limit?: string;
  readonly deadLetterTopic?: string;
  readonly timeout?: string;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly yes?: boolean;
}

const place = () =>
  new Option('--dead-letter-topic <topic>', 'where they are, if not in the configured place');
const yes = () => new Option('-y, --yes', 'without a question');

function criteria(command: Command): Command {
  return command
    .option('--key <key>', 'of this key')
    .option('--group <group>', 'of this group')
    .option('--error-code <code>', 'HANDLER_FAILED, PROCESSING_TIMEOUT, …')
    .option('--event-type <type>', 'events of this type')
    .option('--aggregate-id <id>', 'events of this aggregate')
    .option('--limit <n>', 'at most so many');
}

/** Adds `dlq list`, `keys`, `show`, `redrive`, `park` and `delete`. The last three ask first; exit code 3 for letters that could not be redriven. */
export function addDlq(program: Command, context: Context): void {
  const { io } = context;
  const dlq = program.command('dlq').description('dead letters of a topic, or of a dead-letter topic');
  criteria(dlq.command('list <topic>'))
    .description('the oldest that were not redriven yet (default: 100)')
    .addOption(place())
    .action((topic: string, choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async ({ bus, output }) => {
        const letters = await bus.deadLetters.list(topic, {
          ...whichOf(choices),
          ...limitOf(choices, io.signal),
        });
        if (output.isJson) return output.show(letters.map(letterData), () => '');
        output.list(letters, HEAD, rowOf, `no dead letters of '${topic}'`);
      }),
    );
  dlq
    .command('keys <topic>')
    .description('parked keys: their messages wait until the key is redriven')
    .addOption(place())
    .action((topic: string, choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async ({ bus, output }) => {
        const keys = await bus.deadLetters.keys(topic, limitOf(choices, io.signal));
        output.list(
          keys,
          ['key', 'group', 'letters', 'since', 'code', 'error'],
          (one) => [
            one.key,
            one.group,
            one.letters,
            one.since?.toISOString(),
            one.errorCode,
            cut(one.errorMessage ?? '', ERROR_LENGTH),
          ],
          `no parked keys of '${topic}'`,
        );
      }),
    );
  dlq
    .command('show <topic> <position>')
    .description('one letter: error, headers, value')
    .addOption(place())
    .action((topic: string, position: string, choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async (session) => {
        const letter = await letterAt(session, topic, position, choices);
        session.output.show(letterData(letter), () => letterText(letter));
      }),
    );
  criteria(dlq.command('redrive <topic> [positions...]'))
    .description(
      'publish letters back to their topic, for the group that failed; parked keys are handed back',
    )
    .addOption(place())
    .option('--all', 'all of them: needed where neither positions nor criteria are given')
    .option('--dry-run', 'only count')
    .option('--timeout <duration>', 'how long to wait for a member of the group of a parked key', '1m')
    .addOption(yes())
    .action((topic: string, positions: string[], choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async (session) => {
        const done = await redrive(session, topic, positions, choices);
        session.output.show(
          { ...done, failed: done.failed.map((one) => ({ ...one, position: formatPlace(one.position) })) },
          () => outcomeOf(done, choices.dryRun === true),
        );
        if (done.failed.length > 0) context.end(EXIT.found);
      }),
    );
  dlq
    .command('park <topic> <position>')
    .description('park the key of a letter: it and later events of the key wait until the key is redriven')
    .addOption(place())
    .option('--timeout <duration>', 'how long to wait for a member of the group', '1m')
    .addOption(yes())
    .action((topic: string, position: string, choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async (session) => {
        const letter = await letterAt(session, topic, position, choices);
        const { key } = letter.message;
        await confirm(io, choices.yes === true, `Park the key '${printable(key ?? '')}' of '${topic}'`);
        if (!(await park(session, topic, letter, choices))) {
          throw new CliError(`the letter at ${position} is gone already`, EXIT.failed);
        }
        session.output.show({ topic, key, parked: true }, () => `parked ${printable(key ?? '')}\n`);
      }),
    );
  dlq
    .command('delete <topic> <position>')
    .description('delete one letter for good')
    .addOption(place())
    .addOption(yes())
    .action((topic: string, position: string, choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async (session) => {
        const letter = await letterAt(session, topic, position, choices);
        if (choices.yes !== true) io.err(letterText(letter));
        await confirm(io, choices.yes === true, `Delete the letter at ${position} of '${topic}' for good`);
        const { signal, deadLetterTopic } = limitOf(choices, io.signal);
        const where = deadLetterTopic === undefined ? {} : { deadLetterTopic };
        const isDeleted = await session.bus.deadLetters.delete(topic, letter, { signal, ...where });
        if (!isDeleted) throw new CliError(`the letter at ${position} is gone already`, EXIT.failed);
        session.output.show({ topic, position, deleted: true }, () => `deleted ${position}\n`);
      }),
    );
}

async function redrive(
  { bus, io }: Session,
  topic: string,
  positions: readonly string[],
  choices: Choices,
): Promise<RedriveProgress> {
  const which = whichOf(choices);
  const isNarrow = positions.length > 0 || Object.keys(which).length > 0 || choices.limit !== undefined;
  if (!isNarrow && choices.all !== true && choices.dryRun !== true) {
    throw new CliError('say which letters: positions, --key and the like, --limit, or --all');
  }
  for (const position of positions) required(position);
  const wanted = new Set(positions);
  const options = {
    ...which,
    ...limitOf(choices, io.signal),
    ...(wanted.size === 0
      ? {}
      : { filter: ({ message }: DeadLetter) => wanted.has(formatPlace(message.position)) }),
  };
  const counted = await bus.deadLetters.redrive(topic, { ...options, dryRun: true });
  if (choices.dryRun === true) return counted;
  if (counted.redriven === 0) {
    // Going through the topic would only give its letters other places.
    if (wanted.size === 0 || counted.failed.length > 0) return counted;
    throw new CliError(
      `there is no dead letter at ${positions.join(', ')} of '${topic}'; see ebus dlq list ${topic}`,
      EXIT.failed,
    );
  }
  await confirm(io, choices.yes === true, `Publish ${counted.redriven} dead letters back to '${topic}'`);
  const progress = new Progress(io);
  const limit = systemClock.timeout(duration('--timeout', choices.timeout ?? '1m'));
  const { signal, release } = linkedSignal(limit, io.signal);
  const onProgress = ({ redriven, left, failed }: RedriveProgress) =>
    progress.tell(`${redriven} of ${counted.redriven} published back, ${left} stay, ${failed.length} failed`);
  try {
    return await bus.deadLetters.redrive(topic, { ...options, signal, onProgress });
  } finally {
    progress.end();
    release();
  }
}

async function park(
  { bus, io }: Session,
  topic: string,
  letter: DeadLetter,
  choices: Choices,
): Promise<boolean> {
  const limit = systemClock.timeout(duration('--timeout', choices.timeout ?? '1m'));
  const { signal, release } = linkedSignal(limit, io.signal);
  const { deadLetterTopic } = choices;
  const where = deadLetterTopic === undefined ? {} : { deadLetterTopic };
  const progress = new Progress(io);
  progress.tell(`waiting for a member of ${letter.group ?? 'the group'}`);
  try {
    return await bus.deadLetters.park(topic, letter, { signal, ...where });
  } finally {
    progress.end();
    release();
  }
}

async function letterAt(
  { bus, io }: Session,
  topic: string,
  position: string,
  choices: Choices,
): Promise<DeadLetter> {
  required(position);
  const letters = await bus.deadLetters.list(topic, { ...limitOf(choices, io.signal), limit: MOST });
  const found = letters.find(({ message }) => formatPlace(message.position) === position);
  if (found !== undefined) return found;
  throw new CliError(
    `there is no dead letter at ${position} of '${topic}'; see ebus dlq list ${topic}`,
    EXIT.failed,
  );
}

function required(position: string): void {
  if (parsePosition(position) === undefined) {
    throw new CliError(`'${position}' is no position: give it as ebus dlq list shows it, 3:1042 or 1042`);
  }
}

function whichOf({ key, group, errorCode, eventType, aggregateId }: Choices): LetterCriteria {
  const all = { key, group, errorCode, eventType, aggregateId };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function limitOf({ limit, deadLetterTopic }: Choices, signal: AbortSignal) {
  return {
    signal,
    ...(limit === undefined ? {} : { limit: integer('--limit', limit, 1) }),
    ...(deadLetterTopic === undefined ? {} : { deadLetterTopic }),
  };
}

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

function outcomeOf({ redriven, left, total, failed }: RedriveProgress, isDry: boolean): string {
  const text = `${redriven} of ${total} letters ${isDry ? 'would be' : 'were'} published back; ${left} ${isDry ? 'would stay' : 'stayed'}\n`;
  if (failed.length === 0) return text;
  const rows = failed.map((one) => [formatPlace(one.position), one.key, one.originalTopic, one.reason]);
  return `${text}\n${table(['position', 'key', 'original topic', 'why it stayed'], rows)}`;
}
