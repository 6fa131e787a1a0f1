/** `ebus config`: is the configuration valid, and what does a key mean. */
import { configJsonSchema } from '@ebus/core';
import { reasonOf } from '@ebus/core/driver';
import type { Command } from 'commander';
import { keyAt, keysNear, type Schema, typeText, valueAt } from '../config-keys.js';
import { CliError } from '../errors.js';
import type { Io } from '../io/io.js';
import { Output } from '../io/output.js';
import { pairs, printable } from '../io/table.js';
import type { Context } from '../run.js';
import { type GlobalOptions, pluginsOf, readSettings } from '../settings.js';

/** Adds `config check`, `config schema` and `config explain`. None connects; exit code 2 for a configuration that is not valid. */
export function addConfig(program: Command, { io }: Context): void {
  const config = program.command('config').description("the service's configuration");
  config
    .command('check')
    .description('whether it is valid: every problem with its path; connects to nothing')
    .action(async (_, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { file, config, topics } = await readSettings(io, options);
      const { type, serviceName } = config;
      const facts = { file, type, serviceName, topics: Object.keys(topics).length, valid: true };
      new Output(io, options.json === true).show(
        facts,
        () => `${file} is valid: type ${type}, ${facts.topics} topics\n`,
      );
    });
  config
    .command('schema')
    .description('its JSON Schema, for editors, with the sections of the adapters that are installed')
    .action(async (_, command: Command) => {
      const plugins = await pluginsOf(io, command.optsWithGlobals());
      new Output(io, true).show(await configJsonSchema({ plugins }), () => '');
    });
  config
    .command('explain <key>')
    .description(
      'what a key means, its default, and its value in the configuration: publisher.publishTimeout',
    )
    .action(async (key: string, _, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const plugins = await pluginsOf(io, options);
      const { $defs } = (await configJsonSchema({ plugins })) as { $defs: { configuration: Schema } };
      const schema = keyAt($defs.configuration, key);
      if (schema === undefined) {
        const near = keysNear($defs.configuration, key);
        throw new CliError(
          `there is no key '${key}'${near.length === 0 ? '' : `; there are ${near.join(', ')}`}`,
        );
      }
      const settings = await readSettings(io, options).catch((error: unknown) => {
        if (error instanceof CliError && !isNamed(io, options)) return undefined;
        return io.err(`the value here is not known: ${printable(reasonOf(error))}\n`);
      });
      const value = settings === undefined ? undefined : valueAt(settings.config, key);
      const facts = {
        key,
        description: schema.description,
        type: typeText(schema),
        default: schema.default,
        value,
        keys: Object.keys(schema.properties ?? {}),
      };
      new Output(io, options.json === true).show(facts, () =>
        pairs([
          ['key', key],
          ['meaning', facts.description],
          ['type', facts.type],
          ['default', shown(facts.default)],
          ['here', shown(value)],
          ['keys', facts.keys.length === 0 ? undefined : facts.keys.join(', ')],
        ]),
      );
    });
}

/** Without a file, keys are explained as well. */
const isNamed = ({ env }: Io, { config }: GlobalOptions) => (config ?? env.EBUS_CONFIG ?? '') !== '';

const shown = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));
