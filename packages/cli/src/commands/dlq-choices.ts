/** The options that commands of `ebus dlq` share, and the letters that they mean. */
import { type DeadLetter, type LetterCriteria, UnsupportedError } from '@ebus/core';
import { type Command, Option } from 'commander';
import { integer, parsePosition } from '../arguments.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { formatPlace } from '../io/format.js';
import type { Session } from '../session.js';

/** As they are typed. */
export interface Choices {
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

/** `--dead-letter-topic`. */
export const place = () =>
  new Option('--dead-letter-topic <topic>', 'where they are, if not in the configured place');

/** `--yes`. */
export const yes = () => new Option('-y, --yes', 'without a question');

/** `--limit`. */
export const most = () => new Option('--limit <n>', 'at most so many');

/** Adds the options by which letters are chosen. */
export function criteria(command: Command): Command {
  return command
    .option('--key <key>', 'of this key')
    .option('--group <group>', 'of this group')
    .option('--error-code <code>', 'HANDLER_FAILED, PROCESSING_TIMEOUT, …')
    .option('--event-type <type>', 'events of this type')
    .option('--aggregate-id <id>', 'events of this aggregate')
    .addOption(most());
}

/** The criteria that were given. */
export function whichOf({ key, group, errorCode, eventType, aggregateId }: Choices): LetterCriteria {
  const all = { key, group, errorCode, eventType, aggregateId };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Undefined where none was given. @throws CliError */
export function limitOf({ limit }: Choices): number | undefined {
  return limit === undefined ? undefined : integer('--limit', limit, 1);
}

/** Where the letters are, and the end by Ctrl-C. */
export function whereOf({ deadLetterTopic }: Choices, signal: AbortSignal) {
  return { signal, ...(deadLetterTopic === undefined ? {} : { deadLetterTopic }) };
}

/** @throws CliError for text that is no position */
export function expectPosition(position: string): void {
  if (parsePosition(position) === undefined) {
    throw new CliError(`'${position}' is no position: give it as ebus dlq list shows it, 3:1042 or 1042`);
  }
}

/** The letter there; the others are not kept. @throws CliError where there is none */
export async function letterAt(
  { bus, io }: Session,
  topic: string,
  position: string,
  choices: Choices,
): Promise<DeadLetter> {
  for await (const letter of bus.deadLetters.browse(topic, whereOf(choices, io.signal))) {
    if (formatPlace(letter.message.position) === position) return letter;
  }
  throw noLetterAt([position], topic);
}

/** The error for letters that are not there. On Kafka they may have another place by now. */
export function noLetterAt(positions: readonly string[], topic: string): CliError {
  const text = `there is no dead letter at ${positions.join(', ')} of '${topic}'; see ebus dlq list ${topic}`;
  return new CliError(text, EXIT.failed);
}

/** Nothing was found. A mistyped name is no good news. @throws CliError for a topic that nobody knows */
export async function expectTopic({ bus, settings, io }: Session, topic: string): Promise<void> {
  if (topic in settings.topics) return;
  try {
    if ((await bus.inspect.topic(topic, { signal: io.signal })) !== undefined) return;
  } catch (error) {
    if (UnsupportedError.isInstance(error)) return;
    throw error;
  }
  throw new CliError(
    `there is no topic '${topic}' on the broker, and it is not configured; see ebus topics list`,
    EXIT.failed,
  );
}
