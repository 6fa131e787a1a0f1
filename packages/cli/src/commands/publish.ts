/** `ebus publish`: one message. */
import { EbusError, type EnvelopeInput } from '@ebus/core';
import { inexactNumber } from '@ebus/core/driver';
import type { Command } from 'commander';
import { parseHeaders } from '../arguments.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { formatPlace } from '../io/format.js';
import type { Io } from '../io/io.js';
import type { Context } from '../run.js';
import { collect } from '../run-options.js';
import { withBus } from '../session.js';

interface Choices {
  readonly key?: string;
  readonly header?: readonly string[];
  readonly envelope?: boolean;
}

/** Adds `publish`: resolves once the broker has acknowledged. Does not ask, as it destroys nothing. */
export function addPublish(program: Command, { io }: Context): void {
  program
    .command('publish <topic> [value]')
    .description('publish one message; without a value, standard input')
    .option('--key <key>', 'messages of one key stay in order')
    .option('--header <name=value>', 'may be given several times', collect)
    .option('--envelope', 'the value is a domain event as JSON: it is checked, and gets what it lacks')
    .action(async (topic: string, value: string | undefined, choices: Choices, command: Command) => {
      const { key, header = [], envelope } = choices;
      const headers = parseHeaders(header);
      if (envelope === true && key !== undefined) {
        throw new CliError('--key: the key of an event is its aggregateId');
      }
      await withBus(io, command.optsWithGlobals(), async ({ bus, output }) => {
        const data = value ?? (await inputOf(io));
        const publish = () =>
          envelope === true
            ? bus.publishEnvelope(topic, eventOf(data), { headers })
            : bus.publish(topic, data, { headers, ...(key === undefined ? {} : { key }) });
        const { position, duplicate } = await publish().catch((error: unknown) => absent(error, topic));
        const place = position === undefined ? undefined : formatPlace(position);
        output.show({ topic, position: place, duplicate }, () =>
          place === undefined ? `published to ${topic}\n` : `published to ${topic} at ${place}\n`,
        );
      });
    });
}

/** The library speaks of the settings of a service, and the command makes no topics. */
function absent(error: unknown, topic: string): never {
  if (!EbusError.isInstance(error) || error.code !== 'TOPIC_NOT_FOUND') throw error;
  const text = `there is no topic '${topic}' on the broker; see ebus topics list, and ebus topics apply`;
  throw new CliError(text, EXIT.failed, { cause: error });
}

/** Without a value a forgotten one is more likely than an empty message. */
async function inputOf(io: Io): Promise<Uint8Array> {
  if (io.canAsk) io.err('reading the value from standard input; end it with Ctrl-D\n');
  const data = await io.input();
  if (data.byteLength > 0) return data;
  throw new CliError("there is no value, and standard input is empty; an empty message is written as ''");
}

function eventOf(data: string | Uint8Array): EnvelopeInput {
  const text = typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
  let event: EnvelopeInput;
  try {
    event = JSON.parse(text) as EnvelopeInput;
  } catch {
    throw new CliError('--envelope: the value is no JSON');
  }
  const rounded = inexactNumber(text);
  if (rounded === undefined) return event;
  throw new CliError(`--envelope: the number ${rounded} would be rounded; write it as text`);
}
