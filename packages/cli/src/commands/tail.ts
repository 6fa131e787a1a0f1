/** `ebus tail`: the messages of a topic, without taking any. */
import { type LookOptions, systemClock } from '@ebus/core';
import type { Command } from 'commander';
import { integer, parseFrom } from '../arguments.js';
import { CliError } from '../errors.js';
import { messageData, messageLine } from '../message-view.js';
import type { Context } from '../run.js';
import { withBus } from '../session.js';

interface Choices {
  readonly from?: string;
  readonly last?: string;
  readonly key?: string;
  readonly partition?: string;
  readonly limit?: string;
  readonly follow: boolean;
}

/** Adds `tail`: in order within a partition, until Ctrl-C, `--limit`, or the end with `--no-follow`. */
export function addTail(program: Command, { io }: Context): void {
  program
    .command('tail <topic>')
    .description('messages as they come; joins no group and leaves nothing behind')
    .option('--from <place>', 'earliest, latest, 3:1042, 15m (ago), a date or group:<name>')
    .option('--last <n>', 'begin so many messages before the end of each partition')
    .option('--key <key>', 'messages of that key alone')
    .option('--partition <n>', 'that partition alone')
    .option('--limit <n>', 'end after so many messages')
    .option('--no-follow', 'end where the topic ends now')
    .action(async (topic: string, choices: Choices, command: Command) => {
      const look = lookOf(choices, io.signal);
      await withBus(io, command.optsWithGlobals(), async ({ bus, output }) => {
        bus.on('reconnecting', () =>
          output.note('the connection is lost; tail goes on where it was once it is back'),
        );
        bus.on('reconnected', () => output.note('connected again'));
        const messages = choices.follow ? bus.inspect.tail(topic, look) : bus.inspect.browse(topic, look);
        let isEmpty = true;
        for await (const message of messages) {
          isEmpty = false;
          output.item(messageData(message), () => messageLine(message));
        }
        if (isEmpty && !output.isJson) output.note('no messages');
      });
    });
}

function lookOf({ from, last, key, partition, limit }: Choices, signal: AbortSignal): LookOptions {
  if (from !== undefined && last !== undefined) throw new CliError('give --from or --last, not both');
  return {
    signal,
    ...(from === undefined ? {} : { from: parseFrom(from, systemClock.now()) }),
    ...(last === undefined ? {} : { from: { last: integer('--last', last, 0) } }),
    ...(key === undefined ? {} : { key }),
    ...(partition === undefined ? {} : { partition: integer('--partition', partition, 0) }),
    ...(limit === undefined ? {} : { limit: integer('--limit', limit, 1) }),
  };
}
