/** The demo as a program: arguments, exit codes, and ending what was started for it. */
import { EbusError } from '@ebus/core';
import { type Arguments, type ArgumentsOptions, parseArguments, USAGE, UsageError } from './arguments.js';
import { demo } from './demo.js';
import type { Transport } from './transport.js';

/** `start` is called only when the arguments are right: it may start a broker. */
export async function runDemo(
  start: (args: Arguments) => Transport | Promise<Transport>,
  options: ArgumentsOptions = {},
): Promise<void> {
  try {
    const args = parseArguments(process.argv.slice(2), options);
    if (args.help) return console.log(USAGE);
    const transport = await start(args);
    try {
      if (!(await demo(args, transport))) process.exitCode = 1;
    } finally {
      await transport.close?.();
    }
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${USAGE}`);
      process.exitCode = 2;
    } else if (EbusError.isInstance(error)) {
      // Its message says what to do: a configuration to mend, a broker to start.
      console.error(error.message);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}
