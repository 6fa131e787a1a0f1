/** `ebus lag`: how far groups are behind, once or again and again. */
import { systemClock } from '@ebus/core';
import { pause } from '@ebus/core/driver';
import type { Command } from 'commander';
import { duration, integer } from '../arguments.js';
import { EXIT } from '../exit-codes.js';
import type { Cell } from '../io/table.js';
import type { Context } from '../run.js';
import { withBus } from '../session.js';
import { groupsOf, type TopicGroup } from './groups.js';

const HEAD = ['topic', 'group', 'lag', 'change', 'unsettled', 'members', 'worst partition'];
/** Clears the screen, and goes to its top. */
const CLEAR = '\u001b[2J\u001b[H';

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
    .action((topics: string[], choices: Choices, command: Command) =>
      withBus(io, command.optsWithGlobals(), async ({ bus, output }) => {
        const interval = duration('--interval', choices.interval);
        const max = choices.max === undefined ? undefined : integer('--max', choices.max, 0);
        let before = new Map<string, number>();
        for (;;) {
          const groups = (await groupsOf(bus, topics))
            .filter(({ group }) => choices.group === undefined || group === choices.group)
            .sort((a, b) => b.lag - a.lag);
          if (choices.watch === true && io.isTerminal && !output.isJson) io.out(CLEAR);
          const row = (one: TopicGroup) => rowOf(one, before.get(keyOf(one)));
          // One line a look: programs read line by line.
          if (choices.watch === true && output.isJson) output.item(groups, () => '');
          else output.list(groups, HEAD, row, 'there are no groups');
          if (choices.watch !== true) {
            if (max !== undefined && groups.some(({ lag }) => lag > max)) context.end(EXIT.found);
            return;
          }
          before = new Map(groups.map((one) => [keyOf(one), one.lag]));
          await pause(systemClock, interval, io.signal);
          if (io.signal.aborted) return;
        }
      }),
    );
}

const keyOf = ({ topic, group }: TopicGroup) => JSON.stringify([topic, group]);

function rowOf({ topic, group, lag, unsettled, members, partitions }: TopicGroup, before?: number): Cell[] {
  const change = before === undefined || before === lag ? '' : `${lag > before ? '+' : ''}${lag - before}`;
  const [worst] = [...partitions].sort((a, b) => b.lag - a.lag);
  const isUneven = worst !== undefined && worst.lag > 0 && partitions.length > 1;
  return [topic, group, lag, change, unsettled, members, isUneven ? `${worst.partition}: ${worst.lag}` : ''];
}
