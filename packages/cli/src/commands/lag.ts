/** `ebus lag`: how far groups are behind, once or again and again. */
import { EbusError, systemClock } from '@ebus/core';
import { pause, reasonOf } from '@ebus/core/driver';
import type { Command } from 'commander';
import { duration, integer } from '../arguments.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { type Cell, printable } from '../io/table.js';
import type { Context } from '../run.js';
import { type Session, withBus } from '../session.js';
import { groupsOf, type TopicGroup } from './groups.js';

const HEAD = ['topic', 'group', 'lag', 'change', 'unsettled', 'members', 'worst partition'];
/** Clears the screen, and goes to its top. */
const CLEAR = '\u001b[2J\u001b[H';
const NONE = 'there are no groups';
/** Sooner again would only keep the broker busy. */
const LEAST_INTERVAL_MS = 100;

interface Choices {
  readonly watch?: boolean;
  readonly interval: string;
  readonly group?: string;
  readonly max?: string;
}

/** Adds `lag`: groups that are furthest behind come first; with `--max`, exit code 3 where one is further behind. */
export function addLag(program: Command, context: Context): void {
  const { io } = context;
  program
    .command('lag [topics...]')
    .description('how far groups are behind, those that are furthest first')
    .option('--watch', 'again and again, until Ctrl-C')
    .option('--interval <duration>', 'between two looks', '2s')
    .option('--group <name>', 'this group alone')
    .option('--max <messages>', 'exit code 3 where a group is further behind')
    .action(async (topics: string[], choices: Choices, command: Command) => {
      const interval = duration('--interval', choices.interval, LEAST_INTERVAL_MS);
      const max = choices.max === undefined ? undefined : integer('--max', choices.max, 0);
      await withBus(io, command.optsWithGlobals(), async (session) => {
        if (choices.watch === true) return watch(session, topics, choices, interval);
        const groups = await looked(session, topics, choices);
        if (groups.length === 0 && choices.group !== undefined) {
          // An alert on a mistyped name would never go off.
          throw new CliError(`there is no group '${choices.group}'; see ebus groups`, EXIT.failed);
        }
        session.output.list(groups, HEAD, (one) => rowOf(one), NONE);
        if (max !== undefined && groups.some(({ lag }) => lag > max)) context.end(EXIT.found);
      });
    });
}

async function looked({ bus }: Session, topics: readonly string[], { group: name }: Choices) {
  const groups = await groupsOf(bus, topics);
  return groups.filter(({ group }) => name === undefined || group === name).sort((a, b) => b.lag - a.lag);
}

/** Until Ctrl-C, also while the broker is away. */
async function watch(
  session: Session,
  topics: readonly string[],
  choices: Choices,
  interval: number,
): Promise<void> {
  const { io, output } = session;
  let before = new Map<string, number>();
  for (;;) {
    try {
      const groups = await looked(session, topics, choices);
      if (io.isTerminal && !output.isJson) io.out(CLEAR);
      // One line a look: programs read line by line.
      if (output.isJson) output.item(groups, () => '');
      else output.list(groups, HEAD, (one) => rowOf(one, before.get(keyOf(one))), NONE);
      before = new Map(groups.map((one) => [keyOf(one), one.lag]));
    } catch (error) {
      if (!EbusError.isInstance(error) || !error.retryable) throw error;
      output.note(`${printable(reasonOf(error))}; trying again`);
    }
    await pause(systemClock, interval, io.signal);
    if (io.signal.aborted) return;
  }
}

const keyOf = ({ topic, group }: TopicGroup) => JSON.stringify([topic, group]);

function rowOf({ topic, group, lag, unsettled, members, partitions }: TopicGroup, before?: number): Cell[] {
  const change = before === undefined || before === lag ? '' : `${lag > before ? '+' : ''}${lag - before}`;
  const [worst] = [...partitions].sort((a, b) => b.lag - a.lag);
  const isUneven = worst !== undefined && worst.lag > 0 && partitions.length > 1;
  return [topic, group, lag, change, unsettled, members, isUneven ? `${worst.partition}: ${worst.lag}` : ''];
}
