/** `ebus dlq park`: the key of a letter waits. */
import { type DeadLetter, formatDuration, systemClock } from '@ebus/core';
import { linkedSignal } from '@ebus/core/driver';
import type { Command } from 'commander';
import { duration } from '../arguments.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { confirm } from '../io/confirm.js';
import { Progress } from '../io/progress.js';
import { printable } from '../io/table.js';
import type { Context } from '../run.js';
import { type Session, withBus } from '../session.js';
import { type Choices, expectPosition, letterAt, place, whereOf, yes } from './dlq-choices.js';

/** Adds `dlq park`. It asks first, and waits for a member of the letter's group. */
export function addPark(dlq: Command, { io }: Context): void {
  dlq
    .command('park <topic> <position>')
    .description('park the key of a letter: it and later events of the key wait until the key is redriven')
    .addOption(place())
    .option('--timeout <duration>', 'how long to wait for a member of the group', '1m')
    .addOption(yes())
    .action(async (topic: string, position: string, choices: Choices, command: Command) => {
      expectPosition(position);
      const limitMs = duration('--timeout', choices.timeout ?? '1m', 1);
      await withBus(io, command.optsWithGlobals(), async (session) => {
        const letter = await letterAt(session, topic, position, choices);
        const { key } = letter.message;
        await confirm(io, choices.yes === true, `Park the key '${printable(key ?? '')}' of '${topic}'`);
        if (!(await park(session, topic, letter, choices, limitMs))) {
          throw new CliError(`the letter at ${position} is gone already`, EXIT.failed);
        }
        session.output.show({ topic, key, parked: true }, () => `parked ${printable(key ?? '')}\n`);
      });
    });
}

async function park(
  { bus, io }: Session,
  topic: string,
  letter: DeadLetter,
  choices: Choices,
  limitMs: number,
): Promise<boolean> {
  const limit = systemClock.timeout(limitMs);
  const { signal, release } = linkedSignal(limit, io.signal);
  const group = letter.group ?? 'the group';
  const progress = new Progress(io);
  progress.tell(`waiting for a member of ${group}`);
  try {
    return await bus.deadLetters.park(topic, letter, whereOf(choices, signal));
  } catch (error) {
    if (!limit.aborted || io.signal.aborted) throw error;
    const late = `no member of ${group} has parked the key within ${formatDuration(limitMs)}`;
    const then = 'the letter went back to its topic, and the next member parks it';
    throw new CliError(`${late}; ${then}`, EXIT.failed, { cause: error });
  } finally {
    progress.end();
    release();
  }
}
