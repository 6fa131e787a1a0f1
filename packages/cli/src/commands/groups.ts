/** `ebus groups`: who reads a topic, and how far behind. */
import { EbusError, type EventBus, type GroupFigures } from '@ebus/core';
import type { Command } from 'commander';
import type { Cell } from '../io/table.js';
import type { Context } from '../run.js';
import { withBus } from '../session.js';

/** Titles for `groupRow`. */
export const HEAD = ['group', 'members', 'lag', 'unsettled', 'made by'];

/** A group of one topic. */
export interface TopicGroup extends GroupFigures {
  readonly topic: string;
}

/** Cells below `HEAD`. */
export function groupRow({ group, members, lag, unsettled, madeBy }: GroupFigures): Cell[] {
  return [group, members, lag, unsettled, madeBy];
}

/** Topics that are asked about at once. */
const AT_ONCE = 4;

/** Of these topics, or of all that the broker has. */
export async function groupsOf(bus: EventBus, topics: readonly string[]): Promise<TopicGroup[]> {
  const names = topics.length > 0 ? topics : (await bus.inspect.topics()).map(({ name }) => name);
  const isAsked = topics.length > 0;
  const all: TopicGroup[] = [];
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const answers = names
      .slice(i, i + AT_ONCE)
      .map(async (topic) => (await groupsAt(bus, topic, isAsked)).map((group) => ({ topic, ...group })));
    all.push(...(await Promise.all(answers)).flat());
  }
  return all;
}

/** A topic that goes while all are asked about is left out. */
async function groupsAt(bus: EventBus, topic: string, isAsked: boolean): Promise<GroupFigures[]> {
  try {
    return await bus.inspect.groups(topic);
  } catch (error) {
    if (!isAsked && EbusError.isInstance(error) && error.code === 'TOPIC_NOT_FOUND') return [];
    throw error;
  }
}

/** Adds `groups`: members and lag by topic and group, also of groups that ebus did not make. */
export function addGroups(program: Command, { io }: Context): void {
  program
    .command('groups [topics...]')
    .description('the groups that read these topics (default: all topics), made by ebus or not')
    .action((topics: string[], _, command: Command) =>
      withBus(io, command.optsWithGlobals(), async ({ bus, output }) => {
        const groups = await groupsOf(bus, topics);
        output.list(
          groups,
          ['topic', ...HEAD],
          (one) => [one.topic, ...groupRow(one)],
          'there are no groups',
        );
      }),
    );
}
