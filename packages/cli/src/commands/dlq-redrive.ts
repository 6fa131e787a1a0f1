/** `ebus dlq redrive`: letters go back to their topic. */
import { type DeadLetter, EbusError, formatDuration, type RedriveProgress, systemClock } from '@ebus/core';
import { linkedSignal } from '@ebus/core/driver';
import type { Command } from 'commander';
import { duration } from '../arguments.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { confirm } from '../io/confirm.js';
import { formatPlace } from '../io/format.js';
import { Progress } from '../io/progress.js';
import { printable, table } from '../io/table.js';
import type { Context } from '../run.js';
import { type Session, withBus } from '../session.js';
import {
  type Choices,
  criteria,
  expectPosition,
  expectTopic,
  limitOf,
  noLetterAt,
  place,
  whereOf,
  whichOf,
  yes,
} from './dlq-choices.js';
import { idleLimit } from './idle-limit.js';

/** Adds `dlq redrive`. It counts first, then asks; exit code 3 for letters that could not be redriven, or are not there. */
export function addRedrive(dlq: Command, { io, end }: Context): void {
  criteria(dlq.command('redrive <topic> [positions...]'))
    .description(
      'publish letters back to their topic, for the group that failed; parked keys are handed back',
    )
    .addOption(place())
    .option('--all', 'all of them: needed where neither positions nor criteria are given')
    .option('--dry-run', 'only count')
    .option(
      '--timeout <duration>',
      'end when so long nothing goes back: a parked key waits for its group',
      '1m',
    )
    .addOption(yes())
    .action(async (topic: string, positions: string[], choices: Choices, command: Command) => {
      const asked = askedFor(topic, positions, choices);
      await withBus(io, command.optsWithGlobals(), async (session) => {
        const { done, missing } = await redrive(session, asked);
        session.output.show(
          { ...done, failed: done.failed.map((one) => ({ ...one, position: formatPlace(one.position) })) },
          () => outcomeOf(done, asked.isDry),
        );
        if (missing.length > 0) session.output.note(printable(noLetterAt(missing, topic).message));
        if (done.failed.length > 0 || missing.length > 0) end(EXIT.found);
      });
    });
}

interface Asked {
  readonly topic: string;
  readonly choices: Choices;
  /** Empty: all that fit. */
  readonly positions: ReadonlySet<string>;
  readonly limit: number | undefined;
  readonly idleMs: number;
  readonly isDry: boolean;
}

function askedFor(topic: string, positions: readonly string[], choices: Choices): Asked {
  const { all = false, dryRun: isDry = false, timeout = '1m' } = choices;
  const limit = limitOf(choices);
  const isNarrow = positions.length > 0 || Object.keys(whichOf(choices)).length > 0 || limit !== undefined;
  if (!isNarrow && !all && !isDry) {
    throw new CliError('say which letters: positions, --key and the like, --limit, or --all');
  }
  for (const position of positions) expectPosition(position);
  const idleMs = duration('--timeout', timeout, 1);
  return { topic, choices, positions: new Set(positions), limit, idleMs, isDry };
}

interface Redriven {
  readonly done: RedriveProgress;
  /** Positions without a letter. */
  readonly missing: readonly string[];
}

async function redrive(session: Session, asked: Asked): Promise<Redriven> {
  const { bus, io } = session;
  const { topic, choices, positions, limit, isDry } = asked;
  const there = new Set<string>();
  const filter = ({ message }: DeadLetter) => {
    const position = formatPlace(message.position);
    if (positions.has(position)) there.add(position);
    return positions.has(position);
  };
  const options = {
    ...whichOf(choices),
    ...whereOf(choices, io.signal),
    ...(limit === undefined ? {} : { limit }),
    ...(positions.size === 0 ? {} : { filter }),
  };
  const counted = await bus.deadLetters.redrive(topic, { ...options, dryRun: true });
  const isWhole = limit === undefined || counted.redriven < limit;
  const missing = isWhole ? [...positions].filter((position) => !there.has(position)) : [];
  if (counted.redriven === 0 && counted.failed.length === 0 && missing.length > 0) {
    throw noLetterAt(missing, topic);
  }
  if (counted.total === 0) await expectTopic(session, topic);
  // Going through the topic for nothing would only give its letters other places.
  if (isDry || counted.redriven === 0) return { done: counted, missing };
  await confirm(io, choices.yes === true, `Publish ${counted.redriven} dead letters back to '${topic}'`);
  return { done: await publishBack(session, asked, options, counted.redriven), missing };
}

async function publishBack(
  { bus, io }: Session,
  { topic, idleMs }: Asked,
  options: NonNullable<Parameters<typeof bus.deadLetters.redrive>[1]>,
  count: number,
): Promise<RedriveProgress> {
  const progress = new Progress(io);
  const idle = idleLimit(systemClock, idleMs);
  const { signal, release } = linkedSignal(idle.signal, io.signal);
  let redriven = 0;
  const onProgress = (now: RedriveProgress) => {
    idle.restart();
    redriven = now.redriven;
    progress.tell(`${redriven} of ${count} published back, ${now.left} stay, ${now.failed.length} failed`);
  };
  try {
    return await bus.deadLetters.redrive(topic, { ...options, signal, onProgress });
  } catch (error) {
    progress.end();
    const so = `${redriven} of ${count} letters were published back`;
    if (io.signal.aborted) io.err(`${so}; the others wait where they were, or at the end of their topic\n`);
    else if (idle.signal.aborted) {
      const why = `nothing went back for ${formatDuration(idleMs)}: is a member of the group running?`;
      throw new CliError(`${why} ${so}`, EXIT.failed, { cause: error });
    } else if (EbusError.isInstance(error)) io.err(`${so}\n`);
    throw error;
  } finally {
    progress.end();
    idle.end();
    release();
  }
}

function outcomeOf({ redriven, left, total, failed }: RedriveProgress, isDry: boolean): string {
  const text = `${redriven} of ${total} letters ${isDry ? 'would be' : 'were'} published back; ${left} ${isDry ? 'would stay' : 'stayed'}\n`;
  if (failed.length === 0) return text;
  const rows = failed.map((one) => [formatPlace(one.position), one.key, one.originalTopic, one.reason]);
  return `${text}\n${table(['position', 'key', 'original topic', 'why it stayed'], rows)}`;
}
